//! Why a task failed, as published in `job.failed`. Pure.

use jiff::Timestamp;
use subtitle_contract::{job::Candidate, library::LibraryDenied, payload::Failed, reason::Reason, text};
use subtitle_telemetry::chain;

use crate::store::StoreError;

/// Why a task failed; becomes the payload of `job.failed`.
#[derive(Debug, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct Failure {
    /// The reason on the wire; together with `not_before` it decides whether another attempt makes sense.
    pub reason: Reason,
    /// A human-readable message: what failed, for which object, and what to do.
    pub message: String,
    /// The earliest time at which another attempt makes sense.
    pub not_before: Option<Timestamp>,
    /// The candidates that were considered.
    pub candidates: Vec<Candidate>,
}

/// The failure of a job whose namespace may not use its library as its spec asks for.
pub(crate) fn not_allowed(denied: LibraryDenied) -> Failure {
    Failure::new(Reason::NotAllowed, denied)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Reason::StoreUnavailable, chain(&error))
    }
}

impl Failure {
    /// A failure without candidates and without `not_before`; `message` is sanitized and truncated.
    pub fn new(reason: Reason, message: impl std::fmt::Display) -> Self {
        Self {
            reason,
            message: text::sanitize(&message.to_string(), text::MAX_MESSAGE_CHARS),
            not_before: None,
            candidates: Vec::new(),
        }
    }

    /// The event's payload.
    pub fn into_payload(self) -> Failed {
        Failed {
            // A failure with a `not_before` is retryable whatever its reason.
            retryable: self.reason.is_retryable() || self.not_before.is_some(),
            error_message: self.message,
            reason: self.reason.into(),
            not_before: self.not_before,
            candidates: self.candidates,
        }
    }
}
