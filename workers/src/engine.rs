//! What the translator needs of whatever translates: the seam at which a test counts what is paid for.

use subtitle_core::{job::Variants, language::Language};

use crate::translate::{EngineError, chain::Rest};

/// Engines by name.
pub trait Translate: Send + Sync + 'static {
    /// Whether `engine` translates between the two.
    fn knows(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> impl Future<Output = Result<bool, EngineError>> + Send;

    /// Translates one batch, piece by piece. Costs something.
    fn translate(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
        texts: &[String],
        seed: &str,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Until when `engine` is of no use to anybody, such as when its quota is used up.
    fn rest(&self, _engine: &str) -> Option<Rest> {
        None
    }
}
