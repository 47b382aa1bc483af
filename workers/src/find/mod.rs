//! Where subtitles come from: what was asked comes in, candidates go out, and the chosen one's bytes. Each source
//! lists what it has (cheap) and fetches one (dear). Does I/O, except `select`, `score`, `release` and `sidecar_name`.
//!
//! ```text
//!  video ──▶ embedded (file, or Range requests) ──┐
//!        ──▶ library (files beside it, or HTTP) ──┼──▶ Found ── select ──▶ order ── fetch ──▶ Content
//!        ──▶ online (providers, under limits) ─────┘
//! ```

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

use std::sync::Arc;

use subtitle_core::{job::Video, language::Language, names::SIMULATED};

pub use error::{SourceError, Trouble};
pub use found::{Claims, Content, Found, Listed, Origin, Unfit};
pub use sources::Sources;

use guard::GuardedClient;
use online::{Online, Query};
use ranges::{Reader, Remote};
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

    /// What `source` has for this video in any of `languages`; sources that see every language at no cost list
    /// the others too.
    pub async fn list(
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
                let hash = if self.online.takes_hash(provider) { self.hash(video).await } else { None };
                self.online.list(provider, &Query::new(video, languages, hash)).await
            }
        }
    }

    /// The video's hash: the spec's, else that of its file or of both ends behind its URL. Without one the providers
    /// are asked all the same.
    async fn hash(&self, video: &Video) -> Option<String> {
        if video.movie_hash.is_some() {
            return video.movie_hash.clone();
        }
        let hashed = if let Some(url) = &video.url {
            let remote = Remote::open(&self.guarded, &url.parse().ok()?).await.ok()?;
            let (size, remote) = (remote.size(), Arc::new(remote));
            tokio::task::spawn_blocking(move || movie_hash::of(&mut Reader::new(remote), size))
        } else {
            let path = self.sources.video_file(library::NAME, video).await.ok()??.path;
            tokio::task::spawn_blocking(move || {
                let mut file = std::fs::File::open(path)?;
                let size = file.metadata()?.len();
                movie_hash::of(&mut file, size)
            })
        };
        hashed.await.ok()?.ok()?
    }

    /// The bytes or cues of one.
    pub async fn fetch(&self, found: &Found) -> Result<Content, SourceError> {
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
