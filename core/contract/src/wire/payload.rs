//! The payload of each event type, and its conversion from and to an event. In each, the keys of the old system come first,
//! followed by the new ones. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    event::{Event, EventType, SCHEMA_VERSION, event_id},
    job::{Artifact, Candidate, JobResult, StoredGlossary, SubtitleJobSpec},
    lenient::Lenient,
    policy::scan::{PolicyRef, ScanFinished, ScanPage, ScanRequested},
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

impl Subject {
    /// The subject of a policy's scans, which have no attempts.
    pub fn for_policy(policy: &PolicyRef) -> Self {
        let PolicyRef { namespace, name, uid, generation: _ } = policy.clone();
        Self { job_id: uid, namespace, name, attempt: 1 }
    }
}

/// `subtitle.download.requested`: a download task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DownloadRequested {
    /// The video's URL, or its path if it has none.
    pub video_url: String,
    /// The display name.
    pub video_title: String,
    /// The requested language.
    pub language: String,
    /// Names of sources in order of preference; empty for the order configured on the downloader.
    pub preferred_sources: Vec<String>,
    /// The job's whole spec.
    pub spec: SubtitleJobSpec,
    /// The glossary for a translation, if the spec references one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary: Option<StoredGlossary>,
}

/// `subtitle.download.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DownloadStarted {
    /// The worker that started the task.
    pub worker: String,
    /// The parts of the request that are ignored, and why.
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
    /// The URL of the file.
    pub download_url: String,
    /// The whole result; legacy publishers do not send it.
    #[serde(default)]
    pub result: JobResult,
    /// The candidates that were considered, best first.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// True for a result of the simulated source or engine; otherwise absent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
    /// What a person should know about it, such as a sidecar that was left as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
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
    pub from: Artifact,
    /// The job's whole spec.
    pub spec: SubtitleJobSpec,
    /// The glossary, if the spec references one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary: Option<StoredGlossary>,
    /// The candidates that were considered, best first.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
}

/// `subtitle.translate.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranslateStarted {
    /// The worker that started the task.
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
    /// The URL of the file.
    pub download_url: String,
    /// The whole result.
    pub result: JobResult,
    /// True for a result of the simulated source or engine; otherwise absent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
}

/// `job.failed`. Legacy publishers send only the message: such a failure is retryable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Message for the user.
    pub error_message: String,
    /// Why.
    #[serde(default = "worker_error")]
    pub reason: Lenient<Reason>,
    /// Whether another attempt may succeed.
    #[serde(default = "yes")]
    pub retryable: bool,
    /// The earliest time for another attempt; waiting for it does not count against the retry limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The candidates that were considered, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

/// `job.retry.scheduled`; the event belongs to the attempt that will start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryScheduled {
    /// Why there is another attempt.
    pub reason: Lenient<Reason>,
    /// Message for the user.
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
    pub reason: Lenient<Reason>,
}

/// `job.stopped`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub reason: Lenient<Reason>,
}

fn worker_error() -> Lenient<Reason> {
    Reason::WorkerError.into()
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The payload of one event type.
pub trait Payload: Serialize + DeserializeOwned {
    /// The event type it belongs to.
    const EVENT_TYPE: EventType;

    /// Distinguishes events of this type within one attempt.
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
    Failed (|failed| failed.reason.as_str().to_owned());
    RetryScheduled;
    Cancelled;
    Stopped (|stopped| stopped.reason.as_str().to_owned());
    ScanRequested (|requested| requested.scan_id.to_string());
    ScanPage (|page| format!("{}/{}", page.scan_id, page.page));
    ScanFinished (|finished| finished.scan_id.to_string());
}

impl Event {
    /// An event of `subject` with this payload and a deterministic id.
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
        self.read_untyped()
    }

    /// Reads the payload as a type that belongs to no event type.
    pub(crate) fn read_untyped<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(Value::Object(self.payload.clone()))
    }

    /// The job and attempt it belongs to; `None` for a legacy event, which has no namespace.
    pub fn subject(&self) -> Option<Subject> {
        Some(Subject {
            job_id: self.job_id.clone(),
            namespace: self.namespace.clone()?,
            name: self.name.clone()?,
            attempt: self.attempt?,
        })
    }
}
