//! Why an engine has no translation, as the translator decides on it. Pure.

use subtitle_contract::reason::Reason;

use super::{
    engine::EngineId,
    fault::{EngineErrorClass, EngineFault},
};

/// An engine has no translation.
#[derive(Debug, thiserror::Error)]
#[error("failed to translate with '{engine}'")]
pub struct EngineError {
    /// Which engine.
    pub engine: EngineId,
    /// Why.
    #[source]
    pub fault: EngineFault,
}

impl EngineError {
    /// An engine that may answer another time.
    pub fn unavailable(engine: EngineId, why: impl Into<String>) -> Self {
        Self { engine, fault: EngineFault::Unavailable(why.into()) }
    }

    /// What can be done about it.
    pub const fn class(&self) -> EngineErrorClass {
        self.fault.class()
    }

    /// The reason of a job that fails with this error.
    pub fn reason(&self) -> Reason {
        match self.class() {
            EngineErrorClass::Unavailable if self.engine.is_simulated() => Reason::SimulatedFailure,
            EngineErrorClass::Unavailable => Reason::EngineUnavailable,
            EngineErrorClass::Forbidden => Reason::EngineForbidden,
        }
    }
}
