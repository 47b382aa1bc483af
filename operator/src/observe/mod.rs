//! Facts in: an object from the API server comes in, an `ObservedJob` goes out, with the sentence that refuses it
//! where its spec cannot be worked on. Pure.

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_contract::{
    job::{GlossaryRef, StoredGlossary, SubtitleJob, SubtitleJobSpec, SubtitleJobStatus, TranslationPolicy},
    language::Language,
    payload::Subject,
    record::display_name,
};

/// The annotation whose change starts a finished job again.
pub const RETRY_ANNOTATION: &str = "subtitles.dev/retry";

/// What a decision needs to know besides the job itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub struct Facts {
    /// A place among the tasks that are out is free for it.
    pub is_its_turn: bool,
    /// There is a session with the broker.
    pub has_broker: bool,
    /// No event is on its way between the broker and the status.
    pub events_settled: bool,
    /// Its task's queue was made anew, or is empty though nobody has taken the task.
    pub task_may_be_lost: bool,
    /// The glossary that its next attempt would be asked with.
    pub glossary: Glossary,
}

/// What was found where `spec.translation.glossaryRef` points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Glossary {
    /// Nobody needs it now.
    #[default]
    NotNeeded,
    /// It is in the store as it is now.
    Stored(StoredGlossary),
    /// There is no such ConfigMap, which may still be created; with a sentence that names it.
    Missing(String),
    /// It is no glossary; with a sentence that says why.
    Unusable(String),
}

/// A job whose identity is known; its spec may still be refused.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedJob {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// When it was created.
    pub created: Timestamp,
    /// Whether it is being deleted.
    pub is_deleting: bool,
    /// The retry annotation's value.
    pub retry_requested: Option<String>,
    /// What was asked for.
    pub spec: SubtitleJobSpec,
    /// What is known of it.
    pub status: SubtitleJobStatus,
    /// Why the spec cannot be worked on, where it cannot.
    pub refusal: Option<String>,
}

impl ObservedJob {
    /// Reads an object; none without uid, which no stored object lacks.
    pub fn of(job: &SubtitleJob) -> Option<Self> {
        let mut status = job.status.clone().unwrap_or_default();
        status.video.get_or_insert_with(|| display_name(&job.spec.video));
        status.attempt = status.attempt.max(1);
        Some(Self {
            uid: job.uid()?,
            namespace: job.namespace()?,
            name: job.name_any(),
            generation: job.metadata.generation,
            created: job.metadata.creation_timestamp.as_ref()?.0,
            is_deleting: job.metadata.deletion_timestamp.is_some(),
            retry_requested: job.annotations().get(RETRY_ANNOTATION).cloned(),
            refusal: refusal(&job.spec),
            spec: job.spec.clone(),
            status,
        })
    }

    /// The glossary that its next attempt needs, where it needs one.
    pub fn glossary_ref(&self) -> Option<&GlossaryRef> {
        let translation = &self.spec.translation;
        translation.glossary_ref.as_ref().filter(|_| translation.policy != TranslationPolicy::Never)
    }

    /// Whom its events belong to, in the current attempt.
    pub fn subject(&self) -> Subject {
        Subject {
            job_id: self.uid.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            attempt: self.status.attempt,
        }
    }
}

/// What the schema lets through and this version cannot do.
fn refusal(spec: &SubtitleJobSpec) -> Option<String> {
    let tags = std::iter::once(("spec.language", &spec.language))
        .chain(spec.translation.from.iter().map(|tag| ("spec.translation.from", tag)));
    for (field, tag) in tags {
        if let Err(error) = Language::parse(tag) {
            return Some(format!("{field}: {error}"));
        }
    }
    let video = &spec.video;
    let ways = [&video.url, &video.path, &video.title, &video.imdb_id, &video.movie_hash];
    if ways.iter().all(|way| way.is_none()) && video.tmdb_id.is_none() {
        return Some("spec.video needs at least one of url, path, title, imdbId, tmdbId, movieHash".to_owned());
    }
    if video.path.as_ref().is_some_and(|path| path.starts_with('/') || path.split('/').any(|part| part == "..")) {
        return Some(
            "spec.video.path is relative to its library and stays inside it: no leading '/', no '..'".to_owned(),
        );
    }
    None
}
