//! Why a source could not be asked, which is not the same as having nothing.

use jiff::Timestamp;
use subtitle_contract::{names::SIMULATED, reason::Reason};

/// A source could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("failed to ask the source '{source_name}': {message}")]
pub struct SourceError {
    /// Which one.
    pub source_name: &'static str,
    /// What kind of trouble it is.
    pub trouble: Trouble,
    /// What happened.
    pub message: String,
}

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Ask again later.
    Unavailable,
    /// Ask again at this time, or when it is known: until then it has nothing to give.
    Quota(Option<Timestamp>),
    /// The credentials or the request are refused; asking again changes nothing.
    Forbidden,
    /// The video's URL is not one that is fetched.
    InvalidUrl,
    /// It does not give this one file, or not as a subtitle; others it may.
    File,
    /// The video is not there, or cannot be looked into.
    Video,
}

impl SourceError {
    /// What happened to which source.
    pub fn new(source_name: &'static str, trouble: Trouble, message: impl Into<String>) -> Self {
        Self { source_name, trouble, message: message.into() }
    }

    /// The reason on the wire when nothing else is in the way.
    pub fn reason(&self) -> Reason {
        match self.trouble {
            Trouble::Unavailable if self.source_name == SIMULATED => Reason::SimulatedFailure,
            Trouble::Unavailable => Reason::SourceUnavailable,
            Trouble::Quota(_) => Reason::SourceQuotaExhausted,
            Trouble::Forbidden => Reason::SourceForbidden,
            Trouble::File => Reason::UnusableSubtitle,
            Trouble::InvalidUrl => Reason::InvalidSpec,
            Trouble::Video => Reason::VideoUnavailable,
        }
    }
}
