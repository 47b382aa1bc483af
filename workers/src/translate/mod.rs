//! Turns a subtitle of one language into another's: pieces of text come in, their translations go out.
//!
//! ```text
//! cues ── text::lines ──▶ pieces ── run (batch ⇄ engines, check) ──▶ answers ── text::lines ──▶ texts ── check ──▶ a file
//!            route (which engine, how) ──▶ run::plan ──┘
//! ```

pub mod announced;
pub mod check;
pub mod engines;
mod request;
pub mod route;
pub(crate) mod run;
pub mod text;
mod variants;

pub use engines::{Cooldown, EngineError, EngineErrorClass, EngineId, Engines, Translate};
pub use request::{TranslationContext, TranslationRequest};
