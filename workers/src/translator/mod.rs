//! The translator: a task with a stored subtitle comes in, its translation or the reason for its failure goes out.
//!
//! ```text
//!  task ── inputs (file, glossary) ──▶ run (routes, one after another) ──▶ translate_by (one route) ──▶ a file in the store
//! ```

mod inputs;
mod run;
mod settings;
pub mod standalone;
mod translate_by;
mod work;

pub use settings::Translator;
