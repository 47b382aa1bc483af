//! The event body: what every publisher sends and every consumer reads. A delivery's bytes come in, an
//! `Event` or the reason why they are not one goes out. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::text::sanitize;

/// Namespace of event ids: `UUIDv5` of the DNS name `subtitles.dev`.
const EVENT_NAMESPACE: Uuid = Uuid::from_u128(0x3f0c_9d52_7c0e_5b8e_9a4b_61c7_10a2_d4f3);

/// The version of the body this code writes.
pub const SCHEMA_VERSION: u32 = 1;

/// What happened; also the routing key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum EventType {
    /// A download task.
    DownloadRequested,
    /// A downloader took it.
    DownloadStarted,
    /// The subtitle is stored.
    Ready,
    /// A translation task.
    TranslateRequested,
    /// A translator took it.
    TranslateStarted,
    /// Cues translated so far.
    TranslateProgress,
    /// The translated subtitle is stored.
    Translated,
    /// A step failed.
    Failed,
    /// Another attempt will start.
    RetryScheduled,
    /// The job was deleted; stop.
    Cancelled,
    /// The attempt must not be worked on any more.
    Stopped,
    /// A scan task.
    ScanRequested,
    /// A part of what a scan found.
    ScanPage,
    /// The scan is over.
    ScanFinished,
    /// A type this version does not know; kept in history.
    Unknown(String),
}

impl EventType {
    /// Every known type.
    pub const KNOWN: [Self; 14] = [
        Self::DownloadRequested,
        Self::DownloadStarted,
        Self::Ready,
        Self::TranslateRequested,
        Self::TranslateStarted,
        Self::TranslateProgress,
        Self::Translated,
        Self::Failed,
        Self::RetryScheduled,
        Self::Cancelled,
        Self::Stopped,
        Self::ScanRequested,
        Self::ScanPage,
        Self::ScanFinished,
    ];

    /// The types that can stop attempts; see [`Event::stops_up_to`].
    pub const STOPPING: [Self; 4] = [Self::Cancelled, Self::Stopped, Self::Failed, Self::RetryScheduled];

    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::DownloadRequested => "subtitle.download.requested",
            Self::DownloadStarted => "subtitle.download.started",
            Self::Ready => "subtitle.ready",
            Self::TranslateRequested => "subtitle.translate.requested",
            Self::TranslateStarted => "subtitle.translate.started",
            Self::TranslateProgress => "subtitle.translate.progress",
            Self::Translated => "subtitle.translated",
            Self::Failed => "job.failed",
            Self::RetryScheduled => "job.retry.scheduled",
            Self::Cancelled => "job.cancelled",
            Self::Stopped => "job.stopped",
            Self::ScanRequested => "subtitle.scan.requested",
            Self::ScanPage => "subtitle.scan.page",
            Self::ScanFinished => "subtitle.scan.finished",
            Self::Unknown(name) => name,
        }
    }

    /// Whether its events belong to a policy, whose uid they carry as `job_id`, and not to a job.
    pub const fn is_of_policy(&self) -> bool {
        matches!(self, Self::ScanRequested | Self::ScanPage | Self::ScanFinished)
    }
}

impl From<String> for EventType {
    fn from(name: String) -> Self {
        Self::KNOWN.into_iter().find(|known| known.as_str() == name).unwrap_or(Self::Unknown(name))
    }
}

impl From<EventType> for String {
    fn from(event_type: EventType) -> Self {
        event_type.as_str().to_owned()
    }
}

/// Publishers: `manager`, `downloader`, `translator`, `consumer`, or an older publisher's own name.
pub mod source {
    /// The API and the reconcile loop.
    pub const MANAGER: &str = "manager";
    /// A downloader.
    pub const DOWNLOADER: &str = "downloader";
    /// A translator.
    pub const TRANSLATOR: &str = "translator";
    /// The operator's consumer loop.
    pub const CONSUMER: &str = "consumer";
}

/// One event as it stands on the wire. Unknown fields are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// The `metadata.uid` of the job; of the policy, if [`EventType::is_of_policy`].
    pub job_id: String,
    /// When. Written as RFC 3339 in UTC; a time without an offset is read as UTC.
    #[serde(deserialize_with = "crate::values::timestamp::deserialize")]
    pub timestamp: Timestamp,
    /// Who published it.
    pub source: String,
    /// What the event type needs, see `Payload`.
    #[serde(default)]
    pub payload: Map<String, Value>,
    /// Free for publishers.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// A function of (job, attempt, type, source, discriminator); absent from old publishers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Version of this body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<u32>,
    /// The attempt it belongs to, from 1; absent from old publishers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The object's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The object's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The most bytes of a body that is decoded: ten times the longest event that this system publishes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The most values in a body: each costs many times its bytes when it is decoded.
const MOST_VALUES: usize = 10_000;

/// What stands for a body that is longer than any event, in a delivery and in the dead letters: it is dropped where it
/// arrives, so that it is never decoded and never piles up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oversize {
    /// How many bytes it had.
    pub oversize_bytes: usize,
    /// The SHA-256 of them, hexadecimal.
    pub sha256: String,
    /// The message's headers that are short texts.
    pub headers: BTreeMap<String, String>,
}

/// Why bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not the shape of an event.
    #[error("failed to read an event from {bytes} bytes")]
    Decode {
        /// How many bytes it was.
        bytes: usize,
        /// What the JSON reader said.
        #[source]
        source: serde_json::Error,
    },
    /// Longer than any event; the body was dropped where it arrived.
    #[error(
        "failed to accept a message of {bytes} bytes: at most {MAX_BODY_BYTES} are allowed; its SHA-256 was {sha256}"
    )]
    TooLong {
        /// How many bytes it was.
        bytes: usize,
        /// Their digest, or `unknown`.
        sha256: String,
    },
    /// More values than any event has.
    #[error("failed to accept a message of {values} values: at most {MOST_VALUES} are allowed")]
    TooManyValues {
        /// How many, at most.
        values: usize,
    },
    /// The job id is empty or longer than 253 bytes.
    #[error("failed to accept a job_id of {length} bytes: 1 to 253 are allowed")]
    JobId {
        /// Its length in bytes.
        length: usize,
    },
}

impl Malformed {
    fn undecodable(bytes: &[u8], source: serde_json::Error) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(Oversize { oversize_bytes, sha256, headers: _ }) => {
                Self::TooLong { bytes: oversize_bytes, sha256: sanitize(&sha256, 64) }
            }
            Err(_) => Self::Decode { bytes: bytes.len(), source },
        }
    }
}

impl Event {
    /// Reads one delivery's body.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BODY_BYTES {
            return Err(Malformed::TooLong { bytes: bytes.len(), sha256: "unknown".to_owned() });
        }
        let values = bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        if values > MOST_VALUES {
            return Err(Malformed::TooManyValues { values });
        }
        let event: Self = serde_json::from_slice(bytes).map_err(|source| Malformed::undecodable(bytes, source))?;
        match event.job_id.len() {
            1..=253 => Ok(event),
            length => Err(Malformed::JobId { length }),
        }
    }

    /// The id that makes this event the same event however often it is sent: the one it carries, or, from
    /// an old publisher, one made from its content.
    pub fn identity(&self) -> Uuid {
        self.id.unwrap_or_else(|| {
            let content =
                serde_json::to_string(&(&self.event_type, &self.job_id, &self.timestamp, &self.source, &self.payload))
                    .unwrap_or_default();
            Uuid::new_v5(&EVENT_NAMESPACE, content.as_bytes())
        })
    }

    /// The attempts of its job that must not be worked on once this is published: all up to this one. Only events of
    /// [`EventType::STOPPING`] name any.
    pub fn stops_up_to(&self) -> Option<u32> {
        match self.event_type {
            EventType::Cancelled => Some(u32::MAX),
            EventType::Stopped => self.attempt,
            // A worker's failure is not yet a decision, and may be lost with its queue.
            EventType::Failed if self.source == source::MANAGER => self.attempt,
            EventType::RetryScheduled => self.attempt?.checked_sub(1),
            _ => None,
        }
    }

    /// A text field of the payload.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.payload.get(key).and_then(Value::as_str)
    }
}

/// The deterministic id of an event. `discriminator` tells apart events of one type in one attempt: the
/// cue count of a progress event, the reason of a failure, else empty.
pub fn event_id(job_id: &str, attempt: u32, event_type: &EventType, source: &str, discriminator: &str) -> Uuid {
    let name = format!("{job_id}\n{attempt}\n{}\n{source}\n{discriminator}", event_type.as_str());
    Uuid::new_v5(&EVENT_NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"event_type":"subtitle.ready","job_id":"7","timestamp":"2025-01-02T03:04:05Z",
        "source":"downloader","payload":{"language":"es"},"metadata":null}"#;

    #[test]
    fn old_publishers_get_an_id_from_content() {
        let first = Event::decode(OLD.as_bytes()).expect("old shape");
        let again = Event::decode(OLD.as_bytes()).expect("old shape");
        assert_eq!(first.identity(), again.identity());
        let other = Event::decode(OLD.replace("\"es\"", "\"fr\"").as_bytes()).expect("old shape");
        assert_ne!(first.identity(), other.identity());
    }

    #[test]
    fn unknown_types_and_fields_are_kept() {
        let text = OLD.replace("subtitle.ready", "subtitle.rated").replace("{\"event", "{\"stars\":5,\"event");
        let event = Event::decode(text.as_bytes()).expect("newer shape");
        assert_eq!(event.event_type, EventType::Unknown("subtitle.rated".into()));
        let written = serde_json::to_value(&event).expect("writes");
        assert_eq!(written["stars"], 5);
        assert_eq!(written["event_type"], "subtitle.rated");
    }

    #[test]
    fn bytes_that_are_not_an_event_are_refused() {
        assert!(Event::decode(b"<html>").is_err());
        assert!(Event::decode(OLD.replace("\"7\"", "\"\"").as_bytes()).is_err());
        assert!(Event::decode(OLD.replace("2025-01-02T03:04:05Z", "yesterday").as_bytes()).is_err());
    }

    #[test]
    fn a_body_of_more_bytes_or_values_than_any_event_is_refused_before_it_is_decoded() {
        let padded = |filler: &str| OLD.replace("\"language\"", &format!("\"more\":{filler},\"language\""));
        assert!(Event::decode(padded(&format!("[{}1]", "1,".repeat(5_000))).as_bytes()).is_ok());
        for nested in ["1,", "{},", "[],"] {
            let many = Event::decode(padded(&format!("[{}1]", nested.repeat(20_000))).as_bytes());
            assert!(matches!(many, Err(Malformed::TooManyValues { .. })), "{nested}");
        }
        let long = Event::decode(padded(&format!("\"{}\"", "x".repeat(MAX_BODY_BYTES))).as_bytes());
        assert!(matches!(long, Err(Malformed::TooLong { .. })));
        let headers = [("cloudEvents_type".to_owned(), "subtitle.ready".to_owned())].into();
        let reference = Oversize { oversize_bytes: 40_000_000, sha256: "5e".into(), headers };
        let refused = Event::decode(&serde_json::to_vec(&reference).expect("JSON")).expect_err("a reference");
        assert!(refused.to_string().contains("40000000 bytes") && refused.to_string().contains("5e"), "{refused}");
    }

    #[test]
    fn what_ends_an_attempt_stops_it_and_all_before_it() {
        let old = Event::decode(OLD.as_bytes()).expect("an event");
        for (source, event_type, attempt, stops) in [
            (source::MANAGER, EventType::Cancelled, Some(2), Some(u32::MAX)),
            (source::MANAGER, EventType::Stopped, Some(2), Some(2)),
            (source::MANAGER, EventType::Failed, Some(2), Some(2)),
            (source::DOWNLOADER, EventType::Failed, Some(2), None),
            (source::MANAGER, EventType::RetryScheduled, Some(2), Some(1)),
            (source::MANAGER, EventType::Failed, None, None),
            (source::DOWNLOADER, EventType::Ready, Some(2), None),
        ] {
            let event = Event { source: source.to_owned(), event_type: event_type.clone(), attempt, ..old.clone() };
            assert_eq!(event.stops_up_to(), stops, "{source} {event_type:?}");
        }
    }

    #[test]
    fn only_events_that_workers_listen_to_stop_attempts() {
        for event_type in EventType::KNOWN {
            let stops = [source::MANAGER, source::DOWNLOADER].into_iter().any(|source| {
                let text = OLD.replace("subtitle.ready", event_type.as_str()).replace("downloader", source);
                let event = Event { attempt: Some(2), ..Event::decode(text.as_bytes()).expect("an event") };
                event.stops_up_to().is_some()
            });
            assert_eq!(stops, EventType::STOPPING.contains(&event_type), "{event_type:?}");
        }
    }

    #[test]
    fn ids_are_stable_and_differ_by_every_part() {
        let id = event_id("u", 1, &EventType::Failed, "downloader", "NoSubtitleFound");
        assert_eq!(id, event_id("u", 1, &EventType::Failed, "downloader", "NoSubtitleFound"));
        for other in [
            event_id("v", 1, &EventType::Failed, "downloader", "NoSubtitleFound"),
            event_id("u", 2, &EventType::Failed, "downloader", "NoSubtitleFound"),
            event_id("u", 1, &EventType::Ready, "downloader", "NoSubtitleFound"),
            event_id("u", 1, &EventType::Failed, "translator", "NoSubtitleFound"),
            event_id("u", 1, &EventType::Failed, "downloader", ""),
        ] {
            assert_ne!(id, other);
        }
    }
}
