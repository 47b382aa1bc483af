//! What a provider is asked for: a video and languages. Pure.

use subtitle_contract::{job::Video, language::Language};

use crate::find::{FoundSubtitle, Listed, VideoMatch, choose::score::Wanted, release::Release};

/// What a provider is asked for.
pub struct Query<'a> {
    pub(crate) video: &'a Video,
    pub(crate) wanted: Wanted,
    /// The video's OpenSubtitles hash, if it is known.
    pub(crate) hash: Option<String>,
    /// The first is wanted most.
    pub(crate) languages: &'a [Language],
}

impl<'a> Query<'a> {
    pub(crate) fn new(video: &'a Video, languages: &'a [Language], hash: Option<String>) -> Self {
        Self { video, wanted: Wanted::new(video), hash, languages }
    }

    /// Of the names that one file goes by, the one that is most like the video's.
    pub(crate) fn closest(&self, listed: &Listed, names: &[&str]) -> Release {
        let score = |release: &Release| {
            self.wanted.score(&Listed { release: release.clone(), is_hash_match: false, ..listed.clone() }).percent()
        };
        names.iter().map(|name| Release::read(name)).max_by_key(score).unwrap_or_default()
    }

    /// Whether a candidate is so certainly for this video that no other search need be made.
    pub(crate) fn is_sure(&self, found: &FoundSubtitle) -> bool {
        let is_wanted = self.languages.first().is_some_and(|language| language.accepts(&found.language));
        match &found.video_match {
            VideoMatch::Listed(listed) => {
                is_wanted && listed.is_hash_match && !found.forced && self.wanted.contradiction(listed).is_none()
            }
            VideoMatch::ThisVideo { .. } => is_wanted,
        }
    }
}
