//! Turns an object from the API server into an [`ObservedJob`]: its spec is parsed here once, or rejected with the reason. Called
//! before every decision. Pure.

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_contract::{
    ids::{JobUid, Namespace, ObjectName},
    job::{GlossaryRef, SubtitleJob, SubtitleJobSpec, SubtitleJobStatus, TranslationPolicy, Video},
    language::Language,
    payload::Subject,
    record::display_name,
};
use uuid::Uuid;

use super::{
    ownership::{OWNER_ANNOTATION, Ownership},
    state::{JobState, has_published, waiting_for},
};

/// The annotation whose change starts a failed job again.
pub const RETRY_ANNOTATION: &str = "subtitles.dev/retry";
/// The digest of the HTTP request that a job was created by.
pub const REQUEST_ANNOTATION: &str = "subtitles.dev/request-sha256";
/// The most characters of `status.retryObserved`.
const MAX_RETRY_TOKEN: usize = 256;

/// A job, and whether this version can process its spec.
#[derive(Clone, Debug, PartialEq)]
pub enum ObservedJob {
    /// It can process it.
    Valid(ValidJob),
    /// The schema accepted the spec, but this version cannot process it.
    Invalid(InvalidJob),
}

/// A job whose spec is parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidJob {
    /// Identity, spec and status.
    pub job: JobSnapshot,
    /// `spec.language`.
    pub language: Language,
    /// `spec.translation.from`, in its order.
    pub translate_from: Vec<Language>,
}

/// A job whose spec is rejected.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidJob {
    /// Identity, spec and status.
    pub job: JobSnapshot,
    /// Which field is wrong and why.
    pub message: String,
}

/// Identity, spec and status of a job at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSnapshot {
    /// `metadata.uid`.
    pub uid: JobUid,
    /// `metadata.namespace`.
    pub namespace: Namespace,
    /// `metadata.name`.
    pub name: ObjectName,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// `metadata.creationTimestamp`.
    pub created: Timestamp,
    /// Whether `metadata.deletionTimestamp` is set.
    pub is_deleting: bool,
    /// The value of [`RETRY_ANNOTATION`]; the digest of one that is longer than a status may hold.
    pub retry_requested: Option<String>,
    /// The value of [`OWNER_ANNOTATION`].
    pub chosen_owner: Option<String>,
    /// The spec as it was written.
    pub spec: SubtitleJobSpec,
    /// The status; `attempt` is at least 1, and `video` and `waitingFor` are filled in if they are missing.
    pub status: SubtitleJobStatus,
}

impl ObservedJob {
    /// `None` without uid, namespace or creation time, which every stored object has.
    pub fn from_object(object: &SubtitleJob) -> Option<Self> {
        JobSnapshot::from_object(object).map(Self::from_snapshot)
    }

    /// Parses the spec of a job.
    pub fn from_snapshot(job: JobSnapshot) -> Self {
        match parse(&job.spec) {
            Ok((language, translate_from)) => Self::Valid(ValidJob { job, language, translate_from }),
            Err(message) => Self::Invalid(InvalidJob { job, message }),
        }
    }

    /// Identity, spec and status.
    pub const fn snapshot(&self) -> &JobSnapshot {
        match self {
            Self::Valid(ValidJob { job, .. }) | Self::Invalid(InvalidJob { job, .. }) => job,
        }
    }
}

impl JobSnapshot {
    /// `None` without uid, namespace or creation time.
    pub fn from_object(object: &SubtitleJob) -> Option<Self> {
        let mut status = object.status.clone().unwrap_or_default();
        status.video.get_or_insert_with(|| display_name(&object.spec.video));
        status.attempt = status.attempt.max(1);
        let waits = waiting_for(&status).map(Into::into);
        status.waiting_for = status.waiting_for.or(waits);
        status.set_announced(status.announced_up_to());
        Some(Self {
            uid: JobUid::new(object.uid()?),
            namespace: Namespace::new(object.namespace()?),
            name: ObjectName::new(object.name_any()),
            generation: object.metadata.generation,
            created: object.metadata.creation_timestamp.as_ref()?.0,
            is_deleting: object.metadata.deletion_timestamp.is_some(),
            retry_requested: object.annotations().get(RETRY_ANNOTATION).map(|value| retry_token(value)),
            chosen_owner: object.annotations().get(OWNER_ANNOTATION).cloned(),
            spec: object.spec.clone(),
            status,
        })
    }

    /// The time that a status shows for what an event reports at `now`: the operator's clock decides, because a worker's may be
    /// wrong by hours; only creation, by the API server's clock, is never later.
    pub fn observed_time(&self, now: Timestamp) -> Timestamp {
        now.max(self.created)
    }

    /// What the status means for decisions.
    pub fn state(&self) -> JobState {
        JobState::from_status(&self.status)
    }

    /// Whether `installation` works on the job.
    pub fn ownership(&self, installation: Option<&str>) -> Ownership<'_> {
        Ownership::new(self.chosen_owner.as_deref(), self.status.owner.as_deref(), installation)
    }

    /// Whether the current attempt's task was published.
    pub fn has_published(&self) -> bool {
        has_published(&self.status)
    }

    /// The glossary that the next attempt needs, if it needs one.
    pub fn glossary_ref(&self) -> Option<&GlossaryRef> {
        let translation = &self.spec.translation;
        translation.glossary_ref.as_ref().filter(|_| translation.policy != TranslationPolicy::Never)
    }

    /// The subject of events of the current attempt.
    pub fn subject(&self) -> Subject {
        Subject {
            job_id: self.uid.to_string(),
            namespace: self.namespace.to_string(),
            name: self.name.to_string(),
            attempt: self.status.attempt,
        }
    }
}

/// What a status remembers of a value of [`RETRY_ANNOTATION`].
pub fn retry_token(value: &str) -> String {
    if value.chars().count() <= MAX_RETRY_TOKEN {
        return value.to_owned();
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, value.as_bytes()).to_string()
}

/// The languages of a spec, or the error message for a spec that the schema accepts but this version cannot process.
fn parse(spec: &SubtitleJobSpec) -> Result<(Language, Vec<Language>), String> {
    let language = |field: &str, tag: &str| Language::parse(tag).map_err(|error| format!("{field}: {error}"));
    let wanted = language("spec.language", &spec.language)?;
    let from = spec.translation.from.iter().map(|tag| language("spec.translation.from", tag));
    let from = from.collect::<Result<_, _>>()?;
    check_video(&spec.video)?;
    Ok((wanted, from))
}

fn check_video(video: &Video) -> Result<(), String> {
    let texts = [&video.url, &video.path, &video.title, &video.imdb_id, &video.movie_hash];
    if texts.iter().all(|text| text.is_none()) && video.tmdb_id.is_none() {
        return Err("spec.video needs at least one of url, path, title, imdbId, tmdbId, movieHash".to_owned());
    }
    if video.path.as_ref().is_some_and(|path| path.starts_with('/') || path.split('/').any(|part| part == "..")) {
        let message = "spec.video.path is relative to its library and stays inside it: no leading '/', no '..'";
        return Err(message.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn observed(spec: &Value, status: &Value) -> ObservedJob {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "a", "namespace": "films", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
            "spec": spec, "status": status,
        });
        ObservedJob::from_object(&serde_json::from_value(object).expect("a job")).expect("observed")
    }

    #[test]
    fn an_invalid_language_rejects_the_spec() {
        let spec = json!({"video": {"title": "A"}, "language": "PT-br", "translation": {"from": ["eng"]}});
        let ObservedJob::Valid(job) = observed(&spec, &json!({})) else { panic!("the spec was rejected") };
        assert_eq!((job.language.as_str(), job.translate_from[0].as_str()), ("pt-BR", "en"));
        let spec = json!({"video": {"title": "A"}, "language": "es", "translation": {"from": ["englishlanguage"]}});
        let ObservedJob::Invalid(job) = observed(&spec, &json!({})) else { panic!("the spec was accepted") };
        assert!(job.message.starts_with("spec.translation.from: "), "{}", job.message);
    }

    #[test]
    fn fields_that_older_versions_did_not_write_are_filled_in() {
        let spec = json!({"video": {"title": "A"}, "language": "es"});
        let observed = observed(&spec, &json!({"reason": "WaitingForBroker"}));
        let status = &observed.snapshot().status;
        assert_eq!((status.attempt, status.video.as_deref()), (1, Some("A")));
        assert_eq!(status.waiting_for, Some(subtitle_contract::job::WaitingFor::Broker.into()));
    }
}
