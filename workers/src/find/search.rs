//! The port between the downloader and the sources, at which a test counts what is paid for.

use subtitle_contract::{job::Video, language::Language};

use super::{
    budget::TaskBudget,
    content::FetchedContent,
    error::SourceError,
    facts::VideoFacts,
    found::FoundSubtitle,
    parser::Parser,
    source::{RequiredSetting, SourceId},
    sources::mounted::Libraries,
};

/// What a source is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ListRequest<'a> {
    /// The video.
    pub video: &'a Video,
    /// The languages; the first one is wanted most.
    pub languages: &'a [Language],
    /// What [`Search::inspect`] says of the video; only providers need it.
    pub facts: &'a VideoFacts,
    /// Differs between requests, for the simulated source.
    pub seed: &'a str,
    /// What the task may take.
    pub budget: &'a TaskBudget,
}

static NO_FACTS: VideoFacts = VideoFacts { hash: None, frame_rate: None, has_readable_container: None };

impl<'a> ListRequest<'a> {
    /// Without facts and seed, which only providers and the simulated source need.
    pub fn new(video: &'a Video, languages: &'a [Language], budget: &'a TaskBudget) -> Self {
        Self { video, languages, facts: &NO_FACTS, seed: "", budget }
    }
}

/// The sources of this process.
pub trait Search: Send + Sync + 'static {
    /// The libraries, into which sidecars are written.
    fn libraries(&self) -> &Libraries;

    /// What reads the files that are found.
    fn parser(&self) -> &Parser;

    /// The setting that `source` needs and that is missing; `None` for a source that can be asked.
    fn missing_setting(&self, source: SourceId) -> Option<RequiredSetting>;

    /// Reads what the video's own bytes say about it.
    fn inspect(&self, video: &Video, budget: &TaskBudget) -> impl Future<Output = VideoFacts> + Send;

    /// What `source` has for the video in any of the languages; a source that sees every language at no cost lists the
    /// others too.
    fn list(
        &self,
        source: SourceId,
        request: &ListRequest<'_>,
    ) -> impl Future<Output = Result<Vec<FoundSubtitle>, SourceError>> + Send;

    /// The bytes or cues of one. May count against a quota.
    fn fetch(&self, found: &FoundSubtitle) -> impl Future<Output = Result<FetchedContent, SourceError>> + Send;
}
