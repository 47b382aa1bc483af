//! The sources of this process, as the downloader uses them. Does I/O.

use std::io;

use subtitle_contract::job::Video;

use super::{
    budget::TaskBudget,
    content::FetchedContent,
    error::{SourceError, SourceErrorKind},
    facts::{self, VideoFacts},
    folder::blocking,
    found::{FoundSubtitle, Origin},
    guard::GuardedClient,
    parser::{LARGEST_TEXT, Parser},
    providers::{Providers, Query},
    search::{ListRequest, Search},
    source::{RequiredSetting, SourceId},
    sources::{embedded, http_library, library, mounted::Libraries, simulated},
};
use crate::simulation::Simulation;

/// Every source that can be asked.
#[derive(Clone, Debug)]
pub struct Finder {
    /// The libraries.
    pub libraries: Libraries,
    /// For URLs that come from a spec.
    pub guarded: GuardedClient,
    /// What reads the bytes that others made.
    pub parser: Parser,
    /// The providers that are configured.
    pub providers: Providers,
    /// How the simulated source behaves.
    pub simulation: Simulation,
}

impl Finder {
    /// Every source on this machine and behind specs' URLs, without providers; files are read in this process.
    pub fn new(libraries: Libraries, guarded: GuardedClient) -> Self {
        Self {
            libraries,
            guarded,
            parser: Parser::default(),
            providers: Providers::default(),
            simulation: Simulation::default(),
        }
    }

    /// The sources that are asked when neither a job nor the configuration names any.
    pub fn default_order(&self) -> Vec<SourceId> {
        [SourceId::Embedded, SourceId::Library].into_iter().chain(self.providers.configured()).collect()
    }
}

impl Search for Finder {
    fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    fn parser(&self) -> &Parser {
        &self.parser
    }

    fn missing_setting(&self, source: SourceId) -> Option<RequiredSetting> {
        self.providers.missing_setting(source)
    }

    async fn inspect(&self, video: &Video, budget: &TaskBudget) -> VideoFacts {
        let facts =
            facts::inspect(&self.libraries, &self.guarded, &self.parser, (video, budget)).await.unwrap_or_default();
        // A hash in the spec is preferred.
        VideoFacts { hash: video.movie_hash.clone().or(facts.hash), ..facts }
    }

    async fn list(
        &self,
        source: SourceId,
        ListRequest { video, languages, facts, seed, budget }: &ListRequest<'_>,
    ) -> Result<Vec<FoundSubtitle>, SourceError> {
        match source {
            SourceId::Embedded => {
                embedded::list(&self.libraries, &self.guarded, &self.parser, (video, budget), languages).await
            }
            SourceId::Library => {
                let mut found = library::list(&self.libraries, &self.parser, video).await?;
                if !found.iter().any(|one| languages.first().is_some_and(|wanted| wanted.accepts(&one.language))) {
                    found.extend(http_library::list(&self.libraries, (video, budget), languages).await?);
                }
                Ok(found)
            }
            SourceId::Simulated => simulated::list(self.simulation, video, languages, seed).await,
            SourceId::Provider(provider) => {
                let query = Query::new(video, languages, facts.hash.clone());
                let mut found = self.providers.list(provider, &query).await?;
                facts.mark_off_speed(&mut found);
                Ok(found)
            }
        }
    }

    async fn fetch(&self, found: &FoundSubtitle) -> Result<FetchedContent, SourceError> {
        let unreadable_as = |kind| SourceError::new(found.source, kind, format!("failed to read {}", found.label));
        let unreadable = || unreadable_as(SourceErrorKind::Unavailable);
        match found.origin.clone().map_err(|unsupported| unreadable().caused_by(unsupported))? {
            Origin::Bytes(bytes) => Ok(FetchedContent::Bytes(bytes.to_vec())),
            Origin::File(file) => {
                let bytes = blocking(move || file.read(LARGEST_TEXT)).await;
                bytes.map(FetchedContent::Bytes).map_err(|error| match error.kind() {
                    io::ErrorKind::FileTooLarge => unreadable_as(SourceErrorKind::File).caused_by(error),
                    _ => unreadable().caused_by(error),
                })
            }
            Origin::Offer(offer) => self.providers.fetch(found.source, &offer).await.map(FetchedContent::Bytes),
            Origin::Track { video, number } => {
                let track = self.parser.track(video, number, &found.language).await.map(FetchedContent::Track);
                track.map_err(|error| unreadable_as(error.class()).caused_by(error))
            }
        }
    }
}
