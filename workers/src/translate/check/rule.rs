//! The rules of a translation and what they are held against. Pure.

use subtitle_contract::language::Language;

use super::super::text::glossary::GlossaryTerms;

/// The languages of a translation and its fixed terms.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The source's language.
    pub from: &'a Language,
    /// The language asked for.
    pub to: &'a Language,
    /// Whether the language of answers is checked; nothing of the simulated engine is real.
    pub checks_language: bool,
    /// Terms with a fixed rendering.
    pub glossary: &'a GlossaryTerms,
}

/// A rule that one piece breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Even alone it did not get exactly one answer.
    #[error("the engine gave {0} answers instead of one")]
    Count(usize),
    /// It was not sent alone: the engine had given too many bad answers.
    #[error("the engine was given up before it was asked for this one alone")]
    GivenUp,
    /// A piece with words came back without any.
    #[error("nothing came back")]
    Empty,
    /// A tag or placeholder was lost, added, doubled or left open.
    #[error("its tags came back changed")]
    Tags,
    /// It is still in the source language.
    #[error("it came back untranslated")]
    Unchanged,
    /// It contains something of the engine's own.
    #[error("{0} came back in it")]
    Leaked(&'static str),
    /// A name or term is not rendered as in the glossary.
    #[error("'{source_term}' did not come back as the glossary's '{target_term}'")]
    Glossary {
        /// As the source has it.
        source_term: String,
        /// As the translation should have it.
        target_term: String,
    },
    /// It is not sent to engines, and would stay in the source's language.
    #[error("it was not sent: its syllables are timed, as a song's are")]
    NotSent,
    /// It is in a third language.
    #[error("it came back in another language than asked for")]
    Language,
    /// It has the text of the cues before it, whose sources differ.
    #[error("it came back with the text of the cues before it")]
    Repeated,
}

/// A rule and the cue that breaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The cue's number in the file, from 1.
    pub cue: usize,
    /// The rule that it breaks.
    pub rule: Rule,
}

/// A piece that came back, with the number of its cue from 1.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The cue's number in the file, from 1.
    pub cue: usize,
    /// What was sent.
    pub source: &'a str,
    /// What came back.
    pub translation: &'a str,
}
