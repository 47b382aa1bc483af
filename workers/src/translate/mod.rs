//! What turns a subtitle of one language into another's: pieces of text come in, their translations go out.
//! `lines`, `sheet`, `check` and `filled` are pure; engines do I/O.
//!
//! ```text
//! cues ── lines ──▶ pieces ── sheet ⇄ engine, check ──▶ answers ── filled ──▶ cues' texts ── check ──▶ a file
//! ```

pub mod apertium;
pub mod chain;
pub mod check;
pub mod filled;
pub mod lines;
pub mod sheet;
mod sounds;
mod wrap;

use subtitle_core::{job::Variants, language::Language, names::SIMULATED};

use crate::find::simulated::Simulation;

/// An engine could not be asked or broke.
#[derive(Debug, thiserror::Error)]
#[error("failed to translate with '{engine}': {message}")]
pub struct EngineError {
    /// Which one.
    pub engine: &'static str,
    /// What happened.
    pub message: String,
}

/// Every engine of this machine.
#[derive(Debug)]
pub struct Engines {
    /// The installed command.
    pub apertium: apertium::Apertium,
    /// How the simulated one behaves.
    pub simulation: Simulation,
}

impl Engines {
    /// Whether `engine` translates between the two.
    pub async fn knows(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> Result<bool, EngineError> {
        match engine {
            "apertium" => self.apertium.knows(from, to, variants).await,
            _ => Ok(true),
        }
    }

    /// Translates one batch, piece by piece.
    pub async fn translate(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
        texts: &[String],
        seed: &str,
    ) -> Result<Vec<String>, EngineError> {
        if engine == "apertium" {
            return self.apertium.translate(from, to, variants, texts).await;
        }
        if self.simulation.plays_failure(seed).await {
            return Err(EngineError { engine: SIMULATED, message: "a simulated failure, as configured".to_owned() });
        }
        Ok(texts.iter().map(|text| format!("[{to}] {text}")).collect())
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
