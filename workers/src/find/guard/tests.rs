//! Which addresses a spec may lead to, and which not.

use super::*;

#[test]
fn only_public_addresses_are_permitted() {
    let guard = Guard::default();
    for address in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.170",
        "168.63.129.16",
        "100.100.100.200",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:db8::1",
        "2001::1",
    ] {
        assert!(guard.permit(address.parse().expect(address)).is_err(), "{address}");
    }
    for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::"] {
        assert_eq!(guard.permit(address.parse().expect(address)), Ok(()), "{address}");
    }
}

#[test]
fn only_what_is_allow_listed_is_let_through() {
    let allowed = ["127.0.0.0/8", "::1", "10.1.0.0/16"].map(|text| text.parse().expect(text));
    let guard = Guard::new(allowed);
    for (address, is_permitted) in [
        ("127.9.9.9", true),
        ("::1", true),
        ("10.1.255.1", true),
        ("10.2.0.1", false),
        ("::ffff:10.1.0.1", true),
        ("169.254.169.254", false),
    ] {
        assert_eq!(guard.permit(address.parse().expect(address)).is_ok(), is_permitted, "{address}");
    }
    for text in ["10.0.0.0/33", "ten", "::1/129", "10.0.0.0/", ""] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
    assert!(Guard::new(["0.0.0.0/0".parse().expect("all")]).permit(Ipv4Addr::LOCALHOST.into()).is_ok());
}

#[test]
fn what_is_denied_is_refused_whatever_is_allowed() {
    let network = |text: &str| text.parse::<Network>().expect(text);
    let guard = Guard::new([network("10.0.0.0/8")]).denying([network("10.96.0.0/12"), network("203.0.114.0/24")]);
    for (address, is_permitted) in [
        ("10.1.1.1", true),
        ("10.96.0.1", false),
        ("203.0.114.9", false),
        ("64:ff9b::203.0.114.9", false),
        ("2002:cb00:7209::1", false),
        ("64:ff9b::203.0.115.9", true),
    ] {
        assert_eq!(guard.permit(address.parse().expect(address)).is_ok(), is_permitted, "{address}");
    }
}

#[test]
fn only_the_webs_ports_and_those_that_are_listed_are_fetched_from() {
    let guard = Guard::new(["10.0.0.0/8".parse().expect("a network")]).with_ports([8000]);
    for (url, is_permitted) in [
        ("http://media.example/a.mkv", true),
        ("https://media.example/a.mkv", true),
        ("https://media.example:8000/a.mkv", true),
        ("http://media.example:6379/", false),
        ("http://1.1.1.1:22/", false),
        ("http://10.0.0.1:9000/a.mkv", true),
    ] {
        assert_eq!(guard.check(&Url::parse(url).expect(url)).is_ok(), is_permitted, "{url}");
    }
}

#[test]
fn other_schemes_and_spellings_of_an_address_are_seen_through() {
    let guard = Guard::default();
    for url in [
        "ftp://media.example/a.mkv",
        "file:///etc/passwd",
        "http://127.1/a",
        "http://2130706433/a",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://017700000001/",
        "https://169.254.169.254/latest/meta-data",
    ] {
        assert!(guard.check(&Url::parse(url).expect(url)).is_err(), "{url}");
    }
    assert_eq!(guard.check(&Url::parse("https://media.example/a.mkv").expect("a URL")), Ok(()));
}

#[tokio::test]
async fn a_name_that_leads_to_a_special_address_is_refused_when_it_is_resolved() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = GuardedClient::new(Guard::default()).expect("a client");
    let url = Url::parse("http://localhost:9/a.mkv").expect("a URL");
    let error = client.get(&url).expect("a name says nothing yet").send().await.expect_err("refused");
    assert!(cause(&error).contains("SUBTITLES_ALLOW_PRIVATE_ADDRESSES"), "{}", cause(&error));
}
