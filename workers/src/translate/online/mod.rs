//! Engines behind HTTP: Apertium's APY, LibreTranslate, DeepL and whatever speaks OpenAI's chat completions. Pieces
//! and a pair come in, answers or the trouble go out. Each client follows its vendor's documents; what they share is
//! in `server`, and what an answer is worth is decided elsewhere.

pub(super) mod apy;
pub(super) mod deepl;
pub(super) mod libretranslate;
pub(super) mod openai;
pub mod secret;
pub mod server;

use super::chain::Rest;

/// What a person can do about a key that is refused.
const REFUSED_KEY: &str = "it refuses the key: look into the file that holds it";

/// Why an engine behind HTTP has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is away; another engine may be asked.
    Away(String),
    /// It is not set up or refuses our key; only a person can help.
    Forbidden(String),
    /// It names a time before which nobody need ask, or its documents do.
    Resting(Rest),
    /// It takes less at once.
    TooLong(String),
}
