//! What is to be done, in order. Plans are values: tests compare them whole. Pure.

use jiff::Timestamp;
use subtitle_core::{event::Event, job::SubtitleJobStatus, reason::Reason};

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Publish with confirm.
    Publish(Box<Event>),
    /// Write the status, guarded by the resourceVersion it was decided on.
    WriteStatus(Box<SubtitleJobStatus>),
    /// Copy the status to Redis.
    Project,
    /// Hand the message to the dead letters.
    DeadLetter(Reason, String),
    /// Delete the object: its time to live is over.
    Delete,
}

/// Effects in their order, and when to look again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Done one after the other; the first failure ends the plan, and it is made again.
    pub effects: Vec<Effect>,
    /// The next time at which something is due.
    pub look_again: Option<Timestamp>,
}
