//! Where subtitles come from: what was asked comes in, candidates go out, and the chosen one's bytes. Each source
//! lists what it has (cheap) and fetches one (dear). Does I/O, except `select`, `score`, `release` and `sidecar_name`.
//!
//! ```text
//!  video ──▶ embedded (file, or Range requests) ──┐
//!        ──▶ library (files beside it, or HTTP) ──┼──▶ Found ── select ──▶ order ── fetch ──▶ Content
//!        ──▶ online (providers, under limits) ─────┘
//! ```

mod about;
mod embedded;
mod error;
mod found;
pub mod guard;
mod http;
mod library;
pub(crate) mod machine_mark;
mod matroska;
pub mod movie_hash;
pub mod online;
pub mod ranges;
pub mod release;
pub mod score;
pub mod select;
pub mod sidecar_name;
pub mod simulated;
mod sources;

use subtitle_contract::{job::Video, language::Language, names::SIMULATED};

pub use about::About;
pub use error::{SourceError, Trouble};
pub use found::{Claims, Content, Found, Listed, Origin, Unfit};
pub use sources::Sources;

use crate::search::Search;
use guard::GuardedClient;
use online::{Online, Query};
use sources::stamp;

/// Everything that can be asked.
#[derive(Clone, Debug)]
pub struct Finder {
    /// What is mounted here.
    pub sources: Sources,
    /// For URLs that come from a spec.
    pub guarded: GuardedClient,
    /// The providers that are configured.
    pub online: Online,
}

impl Finder {
    /// Everything on this machine and behind specs' URLs; no provider.
    pub fn new(sources: Sources, guarded: GuardedClient) -> Self {
        Self { sources, guarded, online: Online::default() }
    }

    /// The sources that are asked when nobody names any.
    pub fn usual_order(&self) -> Vec<&'static str> {
        [embedded::NAME, library::NAME].into_iter().chain(self.online.names()).collect()
    }
}

impl Search for Finder {
    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn missing(&self, source: &str) -> Option<&'static str> {
        self.online.missing(source)
    }

    async fn about(&self, video: &Video) -> About {
        let looked = self.look_into(video).await.unwrap_or_default();
        // Whoever knows the hash of a file says so in the spec.
        About { hash: video.movie_hash.clone().or(looked.hash), ..looked }
    }

    async fn list(
        &self,
        source: &'static str,
        video: &Video,
        languages: &[Language],
        seed: &str,
    ) -> Result<Vec<Found>, SourceError> {
        match source {
            embedded::NAME => embedded::list(self, video).await,
            library::NAME => {
                let mut found = library::list(&self.sources, video).await?;
                if !found.iter().any(|one| languages.first().is_some_and(|wanted| wanted.accepts(&one.language))) {
                    found.extend(http::list(&self.sources, video, languages).await?);
                }
                Ok(found)
            }
            SIMULATED => simulated::list(self.sources.simulation, video, languages, seed).await,
            provider => {
                let about = self.about(video).await;
                self.list_online(provider, video, languages, &about).await
            }
        }
    }

    async fn list_online(
        &self,
        provider: &'static str,
        video: &Video,
        languages: &[Language],
        about: &About,
    ) -> Result<Vec<Found>, SourceError> {
        let mut found = self.online.list(provider, &Query::new(video, languages, about.hash.clone())).await?;
        about.mark(&mut found);
        Ok(found)
    }

    async fn fetch(&self, found: &Found) -> Result<Content, SourceError> {
        let failed = |message: String| SourceError::new(found.source, Trouble::Unavailable, message);
        match found.origin.clone().map_err(|unfit| failed(unfit.to_string()))? {
            Origin::Bytes(bytes) => Ok(Content::Bytes(bytes.to_vec())),
            Origin::File(path) => tokio::fs::read(&path)
                .await
                .map(Content::Bytes)
                .map_err(|error| failed(format!("reading {} gave: {error}", found.label))),
            Origin::Online(offer) => self.online.fetch(found.source, &offer).await.map(Content::Bytes),
            Origin::Track { video, number } => embedded::fetch(video, number).await.map_err(failed),
        }
    }
}
