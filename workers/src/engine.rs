//! What the translator needs of whatever translates: the seam at which a test counts what is paid for.

use subtitle_contract::{job::Variants, language::Language};
use tokio::sync::OwnedSemaphorePermit;

use crate::translate::{
    EngineError,
    chain::Rest,
    glossary::{self, Glossary},
};

/// Lines to translate, and everything an engine may need to know of them.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The lines' language.
    pub from: &'a Language,
    /// The language asked for.
    pub to: &'a Language,
    /// How near the engine's variant of it must be.
    pub variants: Variants,
    /// One answer is wanted for each.
    pub texts: &'a [String],
    /// Tells the question from others, for the simulated engine.
    pub seed: &'a str,
    /// What stands around the lines.
    pub context: Context<'a>,
}

/// What an engine that understands context is told besides the lines.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Lines before them, in order.
    pub before: Vec<&'a str>,
    /// Lines after them, in order.
    pub after: Vec<&'a str>,
    /// Names that the film's translation has kept so far.
    pub names: Vec<&'a str>,
    /// Terms and how they are rendered; the lines of an engine that does not take them have placeholders instead.
    pub glossary: &'a Glossary,
}

impl Default for Context<'_> {
    fn default() -> Self {
        Self { before: Vec::new(), after: Vec::new(), names: Vec::new(), glossary: &glossary::NO_TERMS }
    }
}

/// Lines on each side that a model is shown.
const AROUND: usize = 4;

impl<'a> Question<'a> {
    /// The same question for some of its lines; the others beside them are context.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let Context { before, after, names, glossary } = &self.context;
        let inner = self.texts[..range.start].iter().map(String::as_str);
        let before: Vec<&'a str> = before.iter().copied().chain(inner).collect();
        let inner = self.texts[range.end..].iter().map(String::as_str);
        let after = inner.chain(after.iter().copied()).take(AROUND).collect();
        let before = before[before.len().saturating_sub(AROUND)..].to_vec();
        let context = Context { before, after, names: names.clone(), glossary };
        Self { texts: &self.texts[range], context, ..*self }
    }
}

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
        question: Question<'_>,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Until when `engine` is of no use to anybody, such as when its quota is used up.
    fn rest(&self, _engine: &str) -> Option<Rest> {
        None
    }

    /// Waits until `engine` may be called once more at the same time.
    fn place(&self, _engine: &str) -> impl Future<Output = Option<OwnedSemaphorePermit>> + Send {
        std::future::ready(None)
    }

    /// Whether `engine` can be told a glossary.
    fn takes_glossary(&self, _engine: &str) -> bool {
        false
    }

    /// What tells translations of `engine` from those it would have made with another model.
    fn edition(&self, engine: &str) -> String {
        engine.to_owned()
    }
}
