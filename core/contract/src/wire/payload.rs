//! What each event type carries: an event's payload comes in, a typed value goes out, and the other way round.
//! The old system's keys come first in each; ours stand beside them. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    event::{Event, EventType, SCHEMA_VERSION, event_id},
    job::{Artefact, Candidate, JobResult, StoredGlossary, SubtitleJobSpec},
    reason::Reason,
};

/// Which object and which attempt of it an event belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The object's `metadata.uid`.
    pub job_id: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// `subtitle.download.requested`: a download task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DownloadRequested {
    /// The video's URL, or its path where it has none.
    pub video_url: String,
    /// The display name.
    pub video_title: String,
    /// The requested language.
    pub language: String,
    /// Names of sources in the order they are asked; empty for the downloader's own order.
    pub preferred_sources: Vec<String>,
    /// The job's whole spec.
    pub spec: SubtitleJobSpec,
    /// The glossary for a translation, where the spec names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary: Option<StoredGlossary>,
}

/// `subtitle.download.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DownloadStarted {
    /// The worker that took it.
    pub worker: String,
    /// What of the request it ignores, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `subtitle.ready`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// The result's key in the object store.
    pub subtitle_path: String,
    /// Its language.
    pub language: String,
    /// Where to get it.
    pub download_url: String,
    /// The whole result; absent from old publishers.
    #[serde(default)]
    pub result: JobResult,
    /// What was considered, best first.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// True for a result of the simulated source or engine; otherwise absent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
}

/// `subtitle.translate.requested`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranslateRequested {
    /// The key of the file to translate.
    pub subtitle_file_path: String,
    /// Its language.
    pub source_language: String,
    /// The requested language.
    pub target_language: String,
    /// The file to translate.
    pub from: Artefact,
    /// The job's whole spec.
    pub spec: SubtitleJobSpec,
    /// The glossary, where the spec names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary: Option<StoredGlossary>,
    /// What was considered, best first.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
}

/// `subtitle.translate.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranslateStarted {
    /// The worker that took it.
    pub worker: String,
}

/// `subtitle.translate.progress`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranslateProgress {
    /// Cues translated.
    pub done: u32,
    /// All cues.
    pub total: u32,
}

/// `subtitle.translated`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Translated {
    /// The result's key in the object store.
    pub translated_path: String,
    /// The language it was translated from.
    pub source_language: String,
    /// Its language.
    pub target_language: String,
    /// Where to get it.
    pub download_url: String,
    /// The whole result.
    pub result: JobResult,
    /// True for a result of the simulated source or engine; otherwise absent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
}

/// `job.failed`. Old publishers send the message only: such a failure is retryable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// What a person should know.
    pub error_message: String,
    /// Why.
    #[serde(default = "worker_error")]
    pub reason: Reason,
    /// Whether another attempt can end differently.
    #[serde(default = "yes")]
    pub retryable: bool,
    /// The earliest time at which another attempt makes sense; waiting for it costs no retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// What was considered, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

/// `job.retry.scheduled`, of the attempt that will start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryScheduled {
    /// Why there is another attempt.
    pub reason: Reason,
    /// What a person should know.
    pub error_message: String,
    /// When it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Failures so far.
    pub failures: u32,
}

/// `job.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Why.
    pub reason: Reason,
}

fn worker_error() -> Reason {
    Reason::WorkerError
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A payload that is the payload of one event type.
pub trait Payload: Serialize + DeserializeOwned {
    /// The event type it belongs to.
    const EVENT_TYPE: EventType;

    /// What tells two events of this type in one attempt apart.
    fn discriminator(&self) -> String {
        String::new()
    }
}

macro_rules! payloads {
    ($($name:ident $(($discriminator:expr))?;)+) => {
        $(impl Payload for $name {
            const EVENT_TYPE: EventType = EventType::$name;
            $(fn discriminator(&self) -> String { let read: fn(&Self) -> String = $discriminator; read(self) })?
        })+
    };
}

payloads! {
    DownloadRequested;
    DownloadStarted;
    Ready;
    TranslateRequested;
    TranslateStarted;
    TranslateProgress (|progress| progress.done.to_string());
    Translated;
    Failed (|failed| failed.reason.to_string());
    RetryScheduled;
    Cancelled;
}

impl Event {
    /// The event with this payload about `subject`, with its deterministic id.
    pub fn new<P: Payload>(subject: &Subject, source: &str, now: Timestamp, payload: &P) -> Self {
        let payload_map = match serde_json::to_value(payload) {
            Ok(Value::Object(map)) => map,
            // A struct of strings, numbers and nested structs always becomes an object.
            _ => Map::new(),
        };
        Self {
            event_type: P::EVENT_TYPE,
            job_id: subject.job_id.clone(),
            timestamp: now,
            source: source.to_owned(),
            payload: payload_map,
            metadata: None,
            id: Some(event_id(&subject.job_id, subject.attempt, &P::EVENT_TYPE, source, &payload.discriminator())),
            schema_version: Some(SCHEMA_VERSION),
            attempt: Some(subject.attempt),
            namespace: Some(subject.namespace.clone()),
            name: Some(subject.name.clone()),
            unknown: Map::new(),
        }
    }

    /// Reads the payload; the error names the missing or wrong key.
    pub fn read<P: Payload>(&self) -> Result<P, serde_json::Error> {
        self.read_as()
    }

    pub(crate) fn read_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(Value::Object(self.payload.clone()))
    }

    /// The job and attempt it belongs to; `None` from an old publisher, which knows no namespace.
    pub fn subject(&self) -> Option<Subject> {
        Some(Subject {
            job_id: self.job_id.clone(),
            namespace: self.namespace.clone()?,
            name: self.name.clone()?,
            attempt: self.attempt?,
        })
    }
}
