//! The engines, each in a file of its own behind the trait [`Engine`], and the one list of them. Each client follows its
//! vendor's documents; what an answer is worth is decided by `check`.

pub mod apertium;
mod arguments;
pub mod deepl;
pub mod firefox;
pub mod libretranslate;
pub mod openai;
mod port;
mod registry;
mod response;
pub mod server;
mod set;
mod simulated;

pub use arguments::EngineArguments;
pub use port::{
    Cooldown, Engine, EngineError, EngineErrorClass, EngineFault, EngineId, LanguagePairs, NoArguments, Shared,
    Translate,
};
pub use registry::{REGISTRY, exactly, from_name, parse_name};
pub use set::Engines;
