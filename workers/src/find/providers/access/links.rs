//! Which addresses a provider's own answers may lead to. Sets up the client for them.

use url::{Host, Url};

use crate::find::guard::{Guard, GuardedClient};

/// Whether two addresses belong to one provider: the same host, or hosts under one domain of two labels. A provider in
/// this network (a mirror, a test) may lead anywhere.
pub(in super::super) fn is_same_provider(own: &Url, other: &Url) -> bool {
    let domain = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        let from = host.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
        host[from..].to_owned()
    };
    is_internal(own) || (own.scheme() == other.scheme() && domain(own) == domain(other))
}

/// Whether a provider's address is in this network, so that its links are trusted like its configuration.
fn is_internal(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(address)) => Guard::default().permit(address.into()).is_err(),
        Some(Host::Ipv6(address)) => Guard::default().permit(address.into()).is_err(),
        Some(Host::Domain(name)) => !name.contains('.') || [".svc", ".local"].iter().any(|end| name.ends_with(end)),
        None => false,
    }
}

/// The client for a provider's links: guarded as a spec's URLs are, unless the provider is in this network.
pub fn links(base: &Url, guard: &Guard) -> Result<GuardedClient, reqwest::Error> {
    let everything = || ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok());
    GuardedClient::new(if is_internal(base) { Guard::new(everything()) } else { guard.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_the_providers_own_hosts_only() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let own = url("https://api.opensubtitles.com/api/v1");
        for (other, expected) in [
            ("https://vip-api.opensubtitles.com/api/v1", true),
            ("https://api.opensubtitles.com.evil.example/api/v1", false),
            ("http://vip-api.opensubtitles.com/", false),
            ("https://127.0.0.1/", false),
        ] {
            assert_eq!(is_same_provider(&own, &url(other)), expected, "{other}");
        }
        for (base, expected) in [
            ("http://127.0.0.1:1/", true),
            ("http://mirror.tools.svc/", true),
            ("http://mirror/", true),
            ("https://api.subdl.com/", false),
            ("https://8.8.8.8/", false),
        ] {
            assert_eq!(is_internal(&url(base)), expected, "{base}");
        }
    }
}
