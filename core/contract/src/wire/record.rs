//! The job's record, stored in Redis at `job:{id}` and returned by the REST API: a deterministic projection of one object.
//! Pure.

use jiff::Timestamp;
use kube::ResourceExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    job::{SubtitleJob, SubtitleJobStatus, TranslationPolicy, Video},
    lenient::Lenient,
    phase::Phase,
    reason::Reason,
};

/// One job, with the fields of the old system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The object's uid.
    pub id: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The video's URL, or its path.
    pub video_url: String,
    /// The display name.
    pub video_title: String,
    /// The requested language; with `target_language`, the one to translate from.
    pub language: String,
    /// The language to translate to, if a translation was requested.
    pub target_language: Option<String>,
    /// Sources in order of preference; empty for the order configured on the downloader.
    pub preferred_sources: Vec<String>,
    /// The phase under its wire name.
    pub status: String,
    /// The event source that caused the last change.
    pub source: Option<String>,
    /// The current attempt.
    pub attempt: u32,
    /// The status revision this is a projection of.
    pub revision: i64,
    /// When the object was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When its state last changed.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
    /// The reason of `status.reason`.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many candidates the status lists.
    #[serde(default)]
    pub candidates: usize,
    /// The last error: why it failed, or why the next attempt is due later.
    pub error_message: Option<String>,
    /// Where to get the subtitle.
    pub download_url: Option<String>,
    /// What was not done as wished, such as preferred sources that are not set up; absent if there is nothing to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The video's name for display: its title, else its file name, else an id.
pub fn display_name(video: &Video) -> String {
    let file_name = |text: &str| text.trim_end_matches('/').rsplit('/').next().unwrap_or(text).to_owned();
    let name = match (&video.title, &video.path, &video.url) {
        (Some(title), ..) => match (video.season, video.episodes.as_ref().and_then(|episodes| episodes.first())) {
            (Some(season), Some(episode)) => format!("{title} S{season:02}E{episode:02}"),
            _ => title.clone(),
        },
        (None, Some(path), _) => file_name(path),
        (None, None, Some(url)) => file_name(url.split(['?', '#']).next().unwrap_or(url)),
        _ => [video.imdb_id.clone(), video.tmdb_id.map(|id| format!("tmdb:{id}")), video.movie_hash.clone()]
            .into_iter()
            .flatten()
            .next()
            .unwrap_or_default(),
    };
    crate::text::sanitize(&name, 256)
}

/// Whether the message of a status is an error.
fn has_failed(status: &SubtitleJobStatus) -> bool {
    let is_retried = |reason: &Reason| matches!(reason, Reason::BackingOff | Reason::WaitingForQuota);
    status.phase == Phase::Failed
        || status.reason.as_ref().and_then(Lenient::known).is_some_and(|reason| is_retried(&reason))
}

/// A phase written by a newer version is kept unchanged.
fn wire_status(status: &SubtitleJobStatus) -> String {
    let step = status.step.known().unwrap_or_default();
    match &status.phase {
        Lenient::Known(phase) => phase.wire_status(step).to_owned(),
        Lenient::Unknown(phase) => phase.clone(),
    }
}

/// The video's URL, else its path, else an empty string.
pub fn location(video: &Video) -> String {
    video.url.clone().or_else(|| video.path.clone()).unwrap_or_default()
}

impl Record {
    /// The record that an object's status projects to.
    pub fn project(job: &SubtitleJob) -> Self {
        let status = job.status.clone().unwrap_or_default();
        let created_at = job.metadata.creation_timestamp.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0);
        let changes = [&status.start_time, &status.completion_time].into_iter().flatten().map(|time| time.0);
        let transitions = status.conditions.iter().map(|condition| condition.last_transition_time.0);
        let translates = job.spec.translation.policy == TranslationPolicy::Always;
        let (language, target_language) = match job.spec.translation.from.first() {
            Some(from) if translates => (from.clone(), Some(job.spec.language.clone())),
            _ => (job.spec.language.clone(), None),
        };
        Self {
            id: job.uid().unwrap_or_default(),
            namespace: job.namespace().unwrap_or_default(),
            name: job.name_any(),
            video_url: location(&job.spec.video),
            video_title: display_name(&job.spec.video),
            language,
            target_language,
            preferred_sources: job.spec.source_names(),
            status: wire_status(&status),
            attempt: status.attempt.max(1),
            revision: status.revision,
            created_at,
            updated_at: changes.chain(transitions).fold(created_at, Timestamp::max),
            reason: status.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            candidates: status.candidates.len(),
            error_message: has_failed(&status).then(|| status.message.clone()).flatten(),
            download_url: status.result.map(|result| result.url),
            source: status.updated_by,
            warnings: status.warnings,
        }
    }
}
