//! What clients make of providers that refuse, break, lie, or have had enough.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtitle_contract::reason::Reason;
use subtitle_workers::find::SourceErrorKind;

use crate::{
    bench::{Bench, failed, film, ready},
    providers::{KEY, PASSWORD, Provider, spanish},
};

fn fault(on: &str, status: u16, body: &Value) -> Value {
    json!({"faults": [{"on": on, "status": status, "body": body}]})
}

#[tokio::test]
async fn a_502_once_and_a_short_rest_are_waited_for() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    provider
        .set(json!({"faults": [
            {"on": "search", "status": 502, "body": "page"},
            {"on": "search", "status": 429, "body": {"message": "slow down"}, "headers": {"retry-after": "1"}},
            {"on": "link", "status": 503, "body": "page"},
        ]}))
        .await;
    ready(bench.answer("a", film()).await);
    let seen = provider.seen().await;
    assert_eq!(
        (&seen["calls"]["search"], &seen["calls"]["link"], &seen["paid"]),
        (&json!(3), &json!(2), &json!(["102"]))
    );
}

#[tokio::test]
async fn a_long_rest_is_the_jobs_and_nobody_calls_meanwhile() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    for (headers, least, most) in [(json!({"retry-after": "3600"}), 3590, 3600), (json!({}), 50, 3600)] {
        provider.set(json!({"faults": [{"on": "search", "status": 429, "body": {}, "headers": headers}]})).await;
        let bench = Bench::new(&[("opensubtitles", &provider)]);
        let before = provider.calls("search").await;
        for _ in 0..2 {
            let failure = failed(bench.answer("a", film()).await);
            let wait = failure.not_before.expect("a time").duration_since(Timestamp::now());
            assert!(wait > SignedDuration::from_secs(least) && wait <= SignedDuration::from_secs(most), "{failure}");
            assert!(failure.message.contains("asks for no call before"), "{failure}");
        }
        assert_eq!(provider.calls("search").await, before + 1);
    }
    drop(bench);
}

#[tokio::test]
async fn refused_keys_and_passwords_are_tried_once_named_never_shown_and_read_again() {
    for (setting, file, right) in [("password", "password", PASSWORD), ("key", "key", KEY)] {
        let provider = Provider::start("opensubtitles");
        let bench = Bench::new(&[("opensubtitles", &provider)]);
        provider.set(json!({setting: "another one"})).await;
        let calls = if setting == "password" { "login" } else { "search" };
        let before = provider.calls(calls).await;
        for _ in 0..3 {
            let failure = failed(bench.answer("a", film()).await);
            assert_eq!(failure.reason, Reason::SourceForbidden, "{failure}");
            assert!(failure.message.contains("Secret"), "{failure}");
            assert!(!failure.message.contains(right), "{failure}");
        }
        assert_eq!(provider.calls(calls).await, before + 1, "{setting}");
        bench.secrets.write(file, "another one");
        ready(bench.answer("b", film()).await);
    }
}

#[tokio::test]
async fn what_a_provider_gives_in_a_subtitles_place_costs_the_next_candidate() {
    for body in [json!("page"), json!(""), json!({"message": "log in"}), json!("huge")] {
        let provider = Provider::start("opensubtitles");
        let bench = Bench::new(&[("opensubtitles", &provider)]);
        provider.set(fault("link", 200, &body)).await;
        let text = ready(bench.answer("a", film()).await);
        assert!(text.contains("número 101"), "{body}: the next best");
        assert_eq!(provider.seen().await["paid"], json!(["102", "101"]), "{body}");
    }
}

#[tokio::test]
async fn a_cut_off_file_is_fetched_again_and_not_paid_again() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    provider.set(json!({"faults": [{"on": "link", "status": 200, "body": spanish("cut"), "truncated": true}]})).await;
    assert!(ready(bench.answer("a", film()).await).contains("número 102 29"));
    assert_eq!(provider.seen().await["paid"], json!(["102"]));
}

#[tokio::test]
async fn a_link_that_ended_is_paid_for_again_once() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    provider.set(fault("link", 410, &json!("page"))).await;
    ready(bench.answer("a", film()).await);
    assert_eq!(provider.seen().await["paid"], json!(["102", "102"]));
}

#[tokio::test]
async fn a_link_into_this_network_is_not_followed_from_a_provider_outside() {
    use subtitle_workers::find::{guard::Guard, providers::links};
    let outside = links(&"https://api.subdl.com".parse().expect("a URL"), &Guard::default()).expect("a client");
    for link in ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "file:///etc/passwd"] {
        assert!(outside.get(&link.parse().expect("a URL")).is_err(), "{link}");
    }
}

#[tokio::test]
async fn a_quota_said_by_a_page_or_a_500_is_a_quota() {
    let episode = json!({"title": "Low Tide", "season": 7, "episodes": [10]});
    for source in ["gestdown", "subdl"] {
        let provider = Provider::start(source);
        let bench = Bench::new(&[(source, &provider)]);
        provider.set(json!({"quota": 0})).await;
        let found = bench.list(source, episode.clone(), &["es"]).await.expect("answers");
        let error = bench.fetch(&found[0]).await.expect_err("no quota");
        assert!(matches!(error.kind, SourceErrorKind::Quota(Some(_))), "{error}");
        let calls = provider.calls("download").await;
        bench.fetch(&found[0]).await.expect_err("still none");
        assert_eq!(provider.calls("download").await, calls, "{source} is not called in vain");
    }
}

#[tokio::test]
async fn a_show_that_is_being_refreshed_and_answers_of_another_kind_are_not_nothing() {
    let gestdown = Provider::start("gestdown");
    let podnapisi = Provider::start("podnapisi");
    let subdl = Provider::start("subdl");
    let bench = Bench::new(&[("gestdown", &gestdown), ("podnapisi", &podnapisi), ("subdl", &subdl)]);
    let episode = json!({"title": "Low Tide", "season": 7, "episodes": [10]});
    for (provider, source, status, body) in [
        (&gestdown, "gestdown", 423, json!({})),
        (&podnapisi, "podnapisi", 200, json!("page")),
        (&subdl, "subdl", 200, json!("[1, 2")),
        (&subdl, "subdl", 200, json!({"status": false, "error": "database is down"})),
    ] {
        provider.set(fault("search", status, &body)).await;
        let error = bench.list(source, episode.clone(), &["es"]).await.expect_err("no answer");
        assert_eq!(error.kind, SourceErrorKind::Unavailable, "{error}");
    }
    subdl.set(fault("search", 403, &json!({"error": format!("{KEY} is no key")}))).await;
    let error = bench.list("subdl", episode, &["es"]).await.expect_err("refused");
    assert_eq!(error.kind, SourceErrorKind::Forbidden);
    assert!(!error.to_string().contains(KEY), "{error}");
}

#[tokio::test]
async fn a_slow_provider_is_waited_for_and_a_silent_one_is_said_without_its_address() {
    let provider = Provider::start("subdl");
    let bench = Bench::new(&[("subdl", &provider)]);
    provider.set(json!({"faults": [{"on": "search", "slow": 1500}]})).await;
    ready(bench.answer("a", film()).await);
    drop(provider);
    let error = bench.list("subdl", film()["video"].clone(), &["es"]).await.expect_err("nobody is there").to_string();
    assert!(error.contains("failed to reach") && !error.contains(KEY) && !error.contains("api_key"), "{error}");
}
