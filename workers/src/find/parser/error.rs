//! Why a file could not be read, as it crosses from one process to another. Pure.

use std::{error::Error, io};

use serde::{Deserialize, Serialize};
use subtitle_telemetry::chain;

use crate::{
    find::{error::SourceErrorKind, video::VideoError},
    subtitle::{Unusable, file::Unreadable},
};

/// Why a file could not be read. Its text is the whole chain of causes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// Its bytes could not be had; another time they may.
    Unavailable,
    Unusable,
    Undecodable,
    /// It counts in frames and does not say how many make a second.
    FrameRateUnknown,
    /// Reading it took more memory, time or bytes than any file may, or ended the process that read it.
    OverLimits,
}

impl ParseError {
    pub(super) fn unavailable(cause: impl Error) -> Self {
        Self { kind: Kind::Unavailable, message: chain(&cause).to_string() }
    }

    pub(super) fn over_limits(message: String) -> Self {
        Self { kind: Kind::OverLimits, message }
    }

    pub(super) fn misunderstood() -> Self {
        Self::over_limits("failed to understand the answer of the process that read it".to_owned())
    }

    /// What can be done about it.
    pub fn class(&self) -> SourceErrorKind {
        match self.kind {
            Kind::Unavailable => SourceErrorKind::Unavailable,
            Kind::Unusable | Kind::Undecodable | Kind::FrameRateUnknown | Kind::OverLimits => SourceErrorKind::File,
        }
    }

    /// Whether it is no text in any charset.
    pub fn is_undecodable(&self) -> bool {
        self.kind == Kind::Undecodable
    }

    /// Whether it can be read once its frames per second are known.
    pub fn needs_frame_rate(&self) -> bool {
        self.kind == Kind::FrameRateUnknown
    }

    /// Whether nothing but its limits kept it from being read: the same file is over them the next time, too.
    pub fn is_over_limits(&self) -> bool {
        self.kind == Kind::OverLimits
    }
}

impl From<io::Error> for ParseError {
    fn from(error: io::Error) -> Self {
        VideoError::from(error).into()
    }
}

impl From<VideoError> for ParseError {
    fn from(error: VideoError) -> Self {
        let kind = match &error {
            VideoError::Read(cause) if cause.kind() == io::ErrorKind::QuotaExceeded => Kind::OverLimits,
            error if error.class() == SourceErrorKind::File => Kind::Unusable,
            _ => Kind::Unavailable,
        };
        Self { kind, message: chain(&error).to_string() }
    }
}

impl From<Unreadable> for ParseError {
    fn from(error: Unreadable) -> Self {
        let kind = match &error {
            Unreadable::Undecodable(_) => Kind::Undecodable,
            Unreadable::Unusable(Unusable::FrameRateUnknown) => Kind::FrameRateUnknown,
            Unreadable::Packed(_) | Unreadable::Unusable(_) => Kind::Unusable,
        };
        Self { kind, message: chain(&error).to_string() }
    }
}
