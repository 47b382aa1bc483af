//! Formats a dead letter for the output of `subtitle-operator dead`.

use std::fmt;

use subtitle_broker::Browsed;
use subtitle_contract::{event::Event, text::sanitize};
use uuid::Uuid;

/// Shown for a missing value.
const NOTHING: &str = "-";

/// The column headers.
pub(super) const TITLES: Columns<'static> =
    Columns(["ID", "REASON", "TYPE", "ATTEMPT", "SOURCE", "FIRST QUEUE", "JOB"]);

/// One line of the list.
pub(super) struct Columns<'a>([&'a str; 7]);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([id, reason, event_type, attempt, source, first_queue, job]) = self;
        write!(formatter, "{id:<36}  {reason:<22} {event_type:<28} {attempt:<7} {source:<11} {first_queue:<24} {job}")
    }
}

/// A dead letter, with every string sanitized for a terminal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) event_type: String,
    attempt: String,
    pub(super) source: String,
    first_queue: String,
    job: String,
    /// Number of manual replays.
    pub(super) replays: u32,
}

impl Letter {
    pub(super) fn from_message(message: &Browsed) -> Self {
        let header = |name: &str| message.header(name).map(|text| sanitize(&text, 200));
        let event = Event::decode(&message.body).ok();
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
        // The id of a message without one is derived from its content, as everywhere.
        let content_id = || Uuid::new_v5(&Uuid::NAMESPACE_OID, &message.body).to_string();
        let event_id = event.as_ref().map(|event| event.identity().to_string());
        let job = event.as_ref().map(|event| match (&event.namespace, &event.name) {
            (Some(namespace), Some(name)) => sanitize(&format!("{namespace}/{name}"), 80),
            _ => sanitize(&event.job_id, 80),
        });
        Self {
            id: event_id.or_else(|| message.message_id.clone()).unwrap_or_else(content_id),
            reason: or_nothing(header("x-reason").or_else(|| header("x-first-death-reason"))),
            detail: header("x-message").unwrap_or_default(),
            event_type: sanitize(&message.routing_key, 80),
            attempt: or_nothing(event.as_ref().and_then(|event| event.attempt).map(|attempt| attempt.to_string())),
            source: or_nothing(event.as_ref().map(|event| sanitize(&event.source, 80))),
            first_queue: or_nothing(header("x-first-death-queue")),
            job: or_nothing(job),
            replays: header("x-replays").and_then(|replays| replays.parse().ok()).unwrap_or_default(),
        }
    }

    pub(super) fn columns(&self) -> Columns<'_> {
        let Self { id, reason, detail: _, event_type, attempt, source, first_queue, job, replays: _ } = self;
        Columns([id, reason, event_type, attempt, source, first_queue, job])
    }
}
