//! Why one call to an engine has no answer, as the engine's own file reports it.

use std::io;

use jiff::Timestamp;

/// An engine must not be called before a known time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// When it may be called again.
    pub until: Timestamp,
    /// Why, as a sentence without a subject: "its quota is used up".
    pub why: String,
}

/// Why a call to an engine has no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineFault {
    /// Its command does not start, or its output cannot be read.
    #[error("failed to run its command")]
    RunCommand(#[source] io::Error),
    /// Its server cannot be reached, or its answer breaks off.
    #[error("failed to reach its server")]
    ReachServer(#[source] reqwest::Error),
    /// It answered, but without a translation; says what it answered.
    #[error("{0}")]
    Unavailable(String),
    /// It is not configured or refuses our key; says what a person can do.
    #[error("{0}")]
    Forbidden(String),
    /// It must not be called before a known time.
    #[error("{}; it is called again from {}", .0.why, .0.until)]
    CoolingDown(Cooldown),
    /// The request is too large; says what it answered.
    #[error("the request is too large: {0}")]
    TooLong(String),
}

impl EngineFault {
    /// What can be done about it.
    pub const fn class(&self) -> EngineErrorClass {
        match self {
            Self::Forbidden(_) => EngineErrorClass::Forbidden,
            Self::RunCommand(_)
            | Self::ReachServer(_)
            | Self::Unavailable(_)
            | Self::CoolingDown(_)
            | Self::TooLong(_) => EngineErrorClass::Unavailable,
        }
    }
}

/// What can be done about an [`EngineFault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineErrorClass {
    /// Try again later, or with another engine.
    Unavailable,
    /// Only a person can help: the engine is not configured, or it refuses the key.
    Forbidden,
}
