//! What turns a subtitle of one language into another's: pieces of text come in, their translations go out.
//! `lines`, `sentences`, `sheet`, `check`, `filled`, `glossary`, `names` and `readability` are pure; engines do I/O.
//!
//! ```text
//! cues ── lines ──▶ pieces ── sheet ⇄ engine, check ──▶ answers ── filled ──▶ cues' texts ── check ──▶ a file
//! ```

pub mod alone;
pub mod announced;
pub mod apertium;
pub(crate) mod batch;
pub mod chain;
pub mod check;
mod engines;
pub mod filled;
pub(crate) mod film;
pub mod glossary;
pub mod lines;
pub(crate) mod memory;
pub mod names;
pub mod online;
pub mod readability;
pub mod sentences;
pub mod sheet;
pub(crate) mod shipped;
mod sounds;
pub(crate) mod spending;
mod wrap;

pub use engines::Engines;

use subtitle_contract::{job::Variants, language::Language, reason::Reason};

/// An engine could not be asked or broke.
#[derive(Debug, thiserror::Error)]
#[error("failed to translate with '{engine}': {message}")]
pub struct EngineError {
    /// Which one.
    pub engine: &'static str,
    /// What happened.
    pub message: String,
    /// Whether only a person can help: it is not set up, or refuses the key.
    pub is_forbidden: bool,
}

impl EngineError {
    /// Another time it may work.
    pub fn away(engine: &'static str, message: impl Into<String>) -> Self {
        Self { engine, message: message.into(), is_forbidden: false }
    }

    /// What a job that ends with it says.
    pub fn reason(&self) -> Reason {
        if self.is_forbidden { Reason::EngineForbidden } else { Reason::EngineUnavailable }
    }
}

/// Whether an engine's variant of a language serves who asked for another, by `spec.translation.variants`.
fn serves(offered: &Language, wanted: &Language, variants: Variants) -> bool {
    let script = |language: &Language| language.as_str().split('-').find(|part| part.len() == 4).map(str::to_owned);
    match variants {
        Variants::Exact => offered == wanted,
        Variants::Script => offered.base() == wanted.base() && script(offered) == script(wanted),
        Variants::Base => offered.base() == wanted.base(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_as_near_as_asked_for() {
        let tag = |text: &str| Language::parse(text).expect("a tag");
        assert!(serves(&tag("es"), &tag("es-MX"), Variants::Base));
        assert!(!serves(&tag("es"), &tag("es-MX"), Variants::Exact));
        assert!(serves(&tag("es"), &tag("es-MX"), Variants::Script));
        assert!(!serves(&tag("zh-Hans"), &tag("zh-Hant"), Variants::Script));
    }
}
