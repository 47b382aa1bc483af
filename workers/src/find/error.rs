//! Why a source could not be asked, which is not the same as having nothing. Pure.

use std::error::Error;

use jiff::Timestamp;
use subtitle_contract::reason::Reason;
use subtitle_telemetry::chain;

use super::{budget::OverBudget, source::SourceId};

/// A source could not be asked. Its cause is not in its text: print the whole chain.
#[derive(Debug, thiserror::Error)]
#[error("failed to ask the source '{source_id}': {message}")]
pub struct SourceError {
    /// Which source.
    pub source_id: SourceId,
    /// What can be done about it.
    pub kind: SourceErrorKind,
    /// What happened, for a person.
    pub message: String,
    /// What caused it, if another error did.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// What can be done about a [`SourceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// Ask again later.
    Unavailable,
    /// Ask again at this time, if it is known: until then the quota is used up.
    Quota(Option<Timestamp>),
    /// The credentials or the request are refused; asking again changes nothing.
    Forbidden,
    /// The video's URL is not one that is fetched.
    InvalidUrl,
    /// It does not deliver this file, or not as a subtitle; it may deliver others.
    File,
    /// The video does not exist, or cannot be read in parts.
    Video,
}

impl SourceError {
    /// An error of a source.
    pub fn new(source_id: SourceId, kind: SourceErrorKind, message: impl Into<String>) -> Self {
        Self { source_id, kind, message: message.into(), cause: None }
    }

    /// The task has taken what it may.
    pub(in crate::find) fn over_budget(source_id: SourceId, over: OverBudget) -> Self {
        Self::new(source_id, SourceErrorKind::File, "failed to ask it in this task").caused_by(over)
    }

    /// The same error with its cause.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// What happened, with its causes, without the source's name.
    pub fn explanation(&self) -> String {
        match self.source() {
            Some(cause) => format!("{}: {}", self.message, chain(cause)),
            None => self.message.clone(),
        }
    }

    /// The reason of a job that fails with this error alone.
    pub fn reason(&self) -> Reason {
        match self.kind {
            SourceErrorKind::Unavailable if self.source_id.is_simulated() => Reason::SimulatedFailure,
            SourceErrorKind::Unavailable => Reason::SourceUnavailable,
            SourceErrorKind::Quota(_) => Reason::SourceQuotaExhausted,
            SourceErrorKind::Forbidden => Reason::SourceForbidden,
            SourceErrorKind::File => Reason::UnusableSubtitle,
            SourceErrorKind::InvalidUrl => Reason::InvalidSpec,
            SourceErrorKind::Video => Reason::VideoUnavailable,
        }
    }
}
