//! What one translation run does besides the text: languages, route, glossary and policy. Pure.

use subtitle_contract::{
    job::{PartialTranslations, StoredGlossary},
    language::Language,
    payload::Subject,
    reason::Reason,
};

use super::super::{
    check::{Pair, RejectedTranslation},
    route::Route,
    text::glossary::{self, GlossaryTerms},
};
use crate::failure::Failure;

/// Everything about one translation but its text.
pub(crate) struct TranslationPlan<'a> {
    pub(crate) from: &'a Language,
    pub(crate) to: &'a Language,
    pub(crate) route: Route,
    pub(crate) partial: PartialTranslations,
    pub(crate) subject: &'a Subject,
    pub(crate) glossary: &'a GlossaryTerms,
    /// Where the glossary's terms are from.
    pub(crate) stored_glossary: Option<&'a StoredGlossary>,
}

impl TranslationPlan<'_> {
    /// The languages to check answers against, without the glossary.
    pub(crate) fn pair(&self) -> Pair<'_> {
        let checks_language = !self.route.engine.is_simulated();
        Pair { from: self.from, to: self.to, checks_language, glossary: &glossary::NO_TERMS }
    }

    /// The failure of a translation that breaks the rules.
    pub(crate) fn rejected(&self, rejected: &RejectedTranslation) -> Failure {
        let message = format!("'{}' from {} to {}: {rejected}", self.route.identity(), self.from, self.to);
        Failure::new(Reason::TranslationIncomplete, message)
    }
}
