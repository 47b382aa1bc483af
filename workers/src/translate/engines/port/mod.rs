//! What engines are to the rest: the trait that each implements, their ids and errors, and the port at which the translator
//! calls them all.

mod engine;
mod error;
mod fault;
mod translate;

pub(super) use engine::AnyEngine;
pub use engine::{Engine, EngineId, LanguagePairs, NoArguments, Shared};
pub use error::EngineError;
pub use fault::{Cooldown, EngineErrorClass, EngineFault};
pub use translate::Translate;
