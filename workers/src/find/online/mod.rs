//! Providers of subtitles on the internet: a video and languages come in, candidates go out, and the chosen one's
//! bytes. Only those that are configured are called, each under its own limits.
//!
//! ```text
//!  Query ──▶ opensubtitles | podnapisi | gestdown | subdl ──▶ Found (what the provider says of each file)
//!                  │ every call
//!                  ▼
//!              account ──▶ turns (one ledger for all workers) ──▶ HTTP
//! ```

pub mod account;
pub mod credentials;
pub mod gestdown;
pub mod opensubtitles;
pub mod podnapisi;
mod query;
pub mod settings;
pub mod subdl;
pub mod turns;

use std::sync::Arc;

use subtitle_contract::names::{GESTDOWN, OPENSUBTITLES, PODNAPISI, SUBDL};
use url::{Host, Url};

use super::{
    Found, SourceError, Trouble,
    guard::{Guard, GuardedClient},
};
use gestdown::Gestdown;
use opensubtitles::OpenSubtitles;
use podnapisi::Podnapisi;
use subdl::SubDl;

pub(crate) use query::Query;

/// A file that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Its number at OpenSubtitles.
    OpenSubtitles(u64),
    /// Where it is, at any other provider.
    At(Url),
}

/// The providers that are configured.
#[derive(Clone, Default)]
pub struct Online {
    /// opensubtitles.com.
    pub opensubtitles: Option<Arc<OpenSubtitles>>,
    /// podnapisi.net.
    pub podnapisi: Option<Arc<Podnapisi>>,
    /// gestdown.info.
    pub gestdown: Option<Arc<Gestdown>>,
    /// subdl.com.
    pub subdl: Option<Arc<SubDl>>,
}

impl std::fmt::Debug for Online {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.names()).finish()
    }
}

impl Online {
    /// The names of those that are configured, in the order they are asked.
    pub fn names(&self) -> Vec<&'static str> {
        [
            (OPENSUBTITLES, self.opensubtitles.is_some()),
            (SUBDL, self.subdl.is_some()),
            (PODNAPISI, self.podnapisi.is_some()),
            (GESTDOWN, self.gestdown.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_configured)| is_configured.then_some(name))
        .collect()
    }

    /// Whether a source is a provider that is not configured, and by which settings it would be.
    pub fn missing(&self, source: &str) -> Option<&'static str> {
        let settings = match source {
            OPENSUBTITLES => "SUBTITLES_OPENSUBTITLES_KEY_FILE",
            SUBDL => "SUBTITLES_SUBDL_KEY_FILE",
            PODNAPISI => "SUBTITLES_PODNAPISI_URL",
            GESTDOWN => "SUBTITLES_GESTDOWN_URL",
            _ => return None,
        };
        (!self.names().contains(&source)).then_some(settings)
    }

    /// What a provider has.
    pub(super) async fn list(&self, source: &'static str, query: &Query<'_>) -> Result<Vec<Found>, SourceError> {
        if query.languages.is_empty() {
            return Ok(Vec::new());
        }
        match (source, self) {
            (OPENSUBTITLES, Self { opensubtitles: Some(client), .. }) => client.list(query).await,
            (PODNAPISI, Self { podnapisi: Some(client), .. }) => client.list(query).await,
            (GESTDOWN, Self { gestdown: Some(client), .. }) => client.list(query).await,
            (SUBDL, Self { subdl: Some(client), .. }) => client.list(query).await,
            _ => Err(self.not_configured(source)),
        }
    }

    /// A file's bytes; counts against the provider's quota.
    pub(super) async fn fetch(&self, source: &'static str, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        match (source, offer, self) {
            (_, Offer::OpenSubtitles(id), Self { opensubtitles: Some(client), .. }) => client.fetch(*id).await,
            (PODNAPISI, Offer::At(url), Self { podnapisi: Some(client), .. }) => client.fetch(url).await,
            (GESTDOWN, Offer::At(url), Self { gestdown: Some(client), .. }) => client.fetch(url).await,
            (SUBDL, Offer::At(url), Self { subdl: Some(client), .. }) => client.fetch(url).await,
            _ => Err(self.not_configured(source)),
        }
    }

    fn not_configured(&self, source: &'static str) -> SourceError {
        let settings = self.missing(source).unwrap_or("its settings");
        SourceError::new(source, Trouble::Forbidden, format!("it is not configured: set {settings}"))
    }
}

/// Whether two addresses are of one provider: the same host, or hosts under one domain of two labels. A provider that
/// is inside (a mirror, a test) may be anything.
fn is_kin(own: &Url, other: &Url) -> bool {
    let domain = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        let from = host.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
        host[from..].to_owned()
    };
    is_inside(own) || (own.scheme() == other.scheme() && domain(own) == domain(other))
}

/// Whether a provider's address is one of this network's own, and so whoever configured it vouches for its links.
fn is_inside(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(address)) => Guard::default().permit(address.into()).is_err(),
        Some(Host::Ipv6(address)) => Guard::default().permit(address.into()).is_err(),
        Some(Host::Domain(name)) => !name.contains('.') || [".svc", ".local"].iter().any(|end| name.ends_with(end)),
        None => false,
    }
}

/// The client for a provider's links: guarded as a spec's URLs are, unless the provider is inside.
pub fn links(base: &Url, guard: &Guard) -> Result<GuardedClient, reqwest::Error> {
    let everything = || ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok());
    GuardedClient::new(if is_inside(base) { Guard::new(everything()) } else { guard.clone() })
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
            assert_eq!(is_kin(&own, &url(other)), expected, "{other}");
        }
        for (base, expected) in [
            ("http://127.0.0.1:1/", true),
            ("http://mirror.tools.svc/", true),
            ("http://mirror/", true),
            ("https://api.subdl.com/", false),
            ("https://8.8.8.8/", false),
        ] {
            assert_eq!(is_inside(&url(base)), expected, "{base}");
        }
    }
}
