//! What is to be done, in order. Plans are values: tests compare them whole. Pure.

use jiff::Timestamp;
use subtitle_contract::{event::Event, job::SubtitleJobStatus, reason::Reason};

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Publish with confirm.
    Publish(Box<Event>),
    /// Write the status, guarded by the resourceVersion it was decided on.
    WriteStatus(Box<SubtitleJobStatus>),
    /// Copy the status to Redis.
    Project,
    /// Delete the object: its time to live is over. Waits for its last record to be in Redis, but not for ever.
    Delete {
        /// From when on it is deleted even if Redis does not have the record.
        at_the_latest: Timestamp,
    },
}

/// Effects in their order, and when to look again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Done one after the other; the first failure ends the plan, and it is made again.
    pub effects: Vec<Effect>,
    /// The next time at which something is due.
    pub look_again: Option<Timestamp>,
}

/// An event nobody can handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Which of the events that came in.
    pub index: usize,
    /// Why.
    pub reason: Reason,
    /// What a person should know.
    pub message: String,
}

/// What a batch of events means for its job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// At most one write of the status, whatever the number of events.
    pub plan: Plan,
    /// Events to hand to the dead letters.
    pub dead: Vec<DeadLetter>,
}
