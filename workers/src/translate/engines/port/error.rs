//! Why an engine has no translation. Pure.

use subtitle_contract::reason::Reason;

use super::engine::EngineId;

/// An engine has no translation.
#[derive(Debug, thiserror::Error)]
#[error("failed to translate with '{engine}': {message}")]
pub struct EngineError {
    /// Which engine.
    pub engine: EngineId,
    /// What can be done about it.
    pub kind: EngineErrorKind,
    /// What happened, for a person.
    pub message: String,
}

/// What can be done about an [`EngineError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineErrorKind {
    /// Try again later, or with another engine.
    Unavailable,
    /// Only a person can help: the engine is not configured, or it refuses the key.
    Forbidden,
}

impl EngineError {
    /// An engine that may answer another time.
    pub fn unavailable(engine: EngineId, message: impl Into<String>) -> Self {
        Self { engine, kind: EngineErrorKind::Unavailable, message: message.into() }
    }

    /// The reason of a job that fails with this error.
    pub fn reason(&self) -> Reason {
        match self.kind {
            EngineErrorKind::Unavailable if self.engine.is_simulated() => Reason::SimulatedFailure,
            EngineErrorKind::Unavailable => Reason::EngineUnavailable,
            EngineErrorKind::Forbidden => Reason::EngineForbidden,
        }
    }
}
