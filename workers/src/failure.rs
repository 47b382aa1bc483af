//! Why a task failed, as its `job.failed` says it.

use jiff::Timestamp;
use subtitle_contract::{job::Candidate, payload::Failed, reason::Reason, text};

/// A task's failure.
#[derive(Debug, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct Failure {
    /// Why; also decides whether another attempt makes sense.
    pub reason: Reason,
    /// What a person should know: what happened, to what, and what to do.
    pub message: String,
    /// The earliest time at which another attempt makes sense.
    pub not_before: Option<Timestamp>,
    /// What was considered.
    pub candidates: Vec<Candidate>,
}

impl Failure {
    /// A failure without candidates.
    pub fn new(reason: Reason, message: impl std::fmt::Display) -> Self {
        Self {
            reason,
            message: text::clean(&message.to_string(), text::LONGEST_MESSAGE),
            not_before: None,
            candidates: Vec::new(),
        }
    }

    /// The event's payload.
    pub fn payload(self) -> Failed {
        Failed {
            // Whoever names a time says that another attempt makes sense then.
            retryable: self.reason.is_retryable() || self.not_before.is_some(),
            error_message: self.message,
            reason: self.reason,
            not_before: self.not_before,
            candidates: self.candidates,
        }
    }
}
