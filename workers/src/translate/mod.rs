//! What turns a subtitle of one language into another's: pieces of text come in, their translations go out.
//! `lines`, `sentences`, `sheet`, `check` and `filled` are pure; engines do I/O.
//!
//! ```text
//! cues ── lines ──▶ pieces ── sheet ⇄ engine, check ──▶ answers ── filled ──▶ cues' texts ── check ──▶ a file
//! ```

pub mod alone;
pub mod apertium;
pub(crate) mod batch;
pub mod chain;
pub mod check;
mod engines;
pub mod filled;
pub mod lines;
pub mod online;
pub mod sentences;
pub mod sheet;
mod sounds;
mod wrap;

pub use engines::Engines;

use subtitle_core::{job::Variants, language::Language};

/// An engine could not be asked or broke.
#[derive(Debug, thiserror::Error)]
#[error("failed to translate with '{engine}': {message}")]
pub struct EngineError {
    /// Which one.
    pub engine: &'static str,
    /// What happened.
    pub message: String,
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
