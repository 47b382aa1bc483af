//! What an engine is asked: lines to translate, and what it may need to know of them. Pure.

use subtitle_contract::{job::VariantMatch, language::Language};

use super::text::glossary::{self, GlossaryTerms};

/// Lines to translate, and everything an engine may need to know of them.
#[derive(Clone, Debug)]
pub struct TranslationRequest<'a> {
    /// The lines' language.
    pub from: &'a Language,
    /// The language to translate into.
    pub to: &'a Language,
    /// How near the engine's variant of that language must be.
    pub variants: VariantMatch,
    /// The lines; each wants one answer.
    pub texts: &'a [String],
    /// Differs between requests, for the simulated engine.
    pub seed: &'a str,
    /// What surrounds the lines.
    pub context: TranslationContext<'a>,
}

/// What an engine that understands context is given besides the lines.
#[derive(Clone, Debug)]
pub struct TranslationContext<'a> {
    /// Lines before them, in order.
    pub before: Vec<&'a str>,
    /// Lines after them, in order.
    pub after: Vec<&'a str>,
    /// Names that the translation has kept so far.
    pub names: Vec<&'a str>,
    /// Terms and their renderings; an engine that takes none gets lines with placeholders instead.
    pub glossary: &'a GlossaryTerms,
}

impl Default for TranslationContext<'_> {
    fn default() -> Self {
        Self { before: Vec::new(), after: Vec::new(), names: Vec::new(), glossary: &glossary::NO_TERMS }
    }
}

/// Lines of context on each side.
const CONTEXT_LINES: usize = 4;

impl<'a> TranslationRequest<'a> {
    /// The same request for some of its lines; their neighbours become context.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let TranslationContext { before, after, names, glossary } = &self.context;
        let inner = self.texts[..range.start].iter().map(String::as_str);
        let before: Vec<&'a str> = before.iter().copied().chain(inner).collect();
        let inner = self.texts[range.end..].iter().map(String::as_str);
        let after = inner.chain(after.iter().copied()).take(CONTEXT_LINES).collect();
        let before = before[before.len().saturating_sub(CONTEXT_LINES)..].to_vec();
        let context = TranslationContext { before, after, names: names.clone(), glossary };
        Self { texts: &self.texts[range], context, ..*self }
    }
}
