//! What the jobs of a policy are made from: a job's spec without what differs from video to video. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{
    Forced, HearingImpaired, NamedRef, Output, Priority, Retry, Selection, Sidecar, SubtitleJobSpec, Translation, Video,
};

/// What jobs are made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobTemplate {
    /// Labels of each job. Example: `{labels: {team: films}}`.
    #[serde(default)]
    pub metadata: JobTemplateMetadata,
    /// The spec of each job; `kubectl explain subtitlejob.spec` describes its fields. Example: `{translation: {from: [en]}}`.
    #[serde(default)]
    pub spec: JobTemplateSpec,
}

/// The metadata of each job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobTemplateMetadata {
    /// Labels, beside those that name policy, video and language. Example: `{team: films}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub labels: BTreeMap<String, String>,
}

/// A job's spec without video, language and kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobTemplateSpec {
    /// Whether to accept subtitles for the deaf and hard of hearing. Example: `Exclude`.
    pub hearing_impaired: HearingImpaired,
    /// Sources to ask, in this order; by default the downloader's own order. Example: `[{name: embedded}, {name: library}]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub sources: Option<Vec<NamedRef>>,
    /// What makes a found subtitle good enough. Example: `{minimumScore: 60}`.
    pub selection: Selection,
    /// What happens when the language is not found. Example: `{policy: IfNotFound, from: [en]}`.
    pub translation: Translation,
    /// What the result looks like; left out, it is written beside the video if no such file is there. Example: `{format: SRT,
    /// sidecar: IfAbsent}`.
    pub output: Output,
    /// Which job of a namespace goes first when many wait. Example: `Low`.
    pub priority: Priority,
    /// How often and how fast each job tries again. Example: `{limit: 3, backoffSeconds: 30}`.
    pub retry: Retry,
    /// Seconds that workers may spend on a job. Example: `3600`.
    #[schemars(range(min = 1, max = 604_800))]
    pub active_deadline_seconds: u32,
    /// Seconds after its end until a job is deleted. Example: `3600`.
    #[schemars(range(min = 60, max = 31_536_000))]
    pub ttl_seconds_after_finished: u32,
}

impl Default for JobTemplateSpec {
    fn default() -> Self {
        Self {
            hearing_impaired: HearingImpaired::default(),
            sources: None,
            selection: Selection::default(),
            translation: Translation::default(),
            output: Output { sidecar: Sidecar::IfAbsent, ..Output::default() },
            priority: Priority::default(),
            retry: Retry::default(),
            active_deadline_seconds: 21_600,
            ttl_seconds_after_finished: 3_600,
        }
    }
}

impl JobTemplateSpec {
    /// The spec of the job for one video, language and kind.
    pub fn job(&self, video: Video, language: &str, forced: Forced) -> SubtitleJobSpec {
        let Self {
            hearing_impaired,
            sources,
            selection,
            translation,
            output,
            priority,
            retry,
            active_deadline_seconds,
            ttl_seconds_after_finished,
        } = self.clone();
        SubtitleJobSpec {
            video,
            language: language.to_owned(),
            hearing_impaired,
            forced,
            sources,
            preferred_sources: Vec::new(),
            selection,
            translation,
            output,
            priority,
            retry,
            active_deadline_seconds,
            ttl_seconds_after_finished: Some(ttl_seconds_after_finished),
            suspend: false,
        }
    }
}
