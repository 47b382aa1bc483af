//! Whether a translation may be shipped: pieces before and after come in, the broken rules go out, each with its
//! cue. Pure. The rules are those that peers break in practice: lines lost and merged, tags eaten, source lines left
//! in place, prompts and JSON in the text, another language than asked for.
//!
//! Rules decide. A doubt does not: it only says that an answer may be somebody else's line, so that the engine is
//! asked again in smaller groups, down to one piece, which cannot be mixed up with another.

mod leak;
mod rejected;
mod words;

use subtitle_contract::language::Language;

pub use rejected::Rejected;

use super::glossary::Glossary;
use crate::subtitle::{
    Subtitle,
    language::{self, Verdict},
    markup::inline::{pieces, plain},
};

/// Of the pieces with at least three words, at most one in this many may come back as they were.
const UNCHANGED_SHARE: usize = 20;
/// Below so many letters no detector is sure of a language.
const LETTERS: usize = 48;
/// The letters at which `language` asks its detector.
const LONG_ENOUGH: usize = 400;
/// So many cues in a row with one text for different sources are an engine that is stuck.
const STUCK: usize = 3;

/// What is translated into what.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The source's language.
    pub from: &'a Language,
    /// The language asked for.
    pub to: &'a Language,
    /// Whether the language of what comes back is judged: nothing of the simulated engine is real.
    pub judges_language: bool,
    /// Terms whose rendering is fixed.
    pub glossary: &'a Glossary,
}

/// A rule that one piece breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Even alone it did not get exactly one answer.
    #[error("the engine gave {0} answers instead of one")]
    Count(usize),
    /// It was not asked for alone any more: the engine had answered so much else badly.
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
    /// Something of the engine's own is in it.
    #[error("{0} came back in it")]
    Leaked(&'static str),
    /// A name or term of the glossary is not as it says.
    #[error("'{source_term}' did not come back as the glossary's '{target_term}'")]
    Glossary {
        /// As the source has it.
        source_term: String,
        /// As the translation should have it.
        target_term: String,
    },
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
    /// What is wrong with it.
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

/// The first rule that one piece breaks, whatever stands around it.
pub fn piece(source: &str, translation: &str, pair: Pair<'_>) -> Option<Rule> {
    if !plain(translation).chars().any(char::is_alphanumeric) {
        return Some(Rule::Empty);
    }
    if tags(source) != tags(translation) || !is_balanced(source, translation) {
        return Some(Rule::Tags);
    }
    if let Some(what) = leak::found(source, translation) {
        return Some(Rule::Leaked(what));
    }
    if let Some(term) = pair.glossary.broken(source, translation) {
        let (source_term, target_term) = (term.source.clone(), term.target.clone());
        return Some(Rule::Glossary { source_term, target_term });
    }
    if words::is_left_in_place(source, translation, pair) {
        return Some(Rule::Unchanged);
    }
    is_in_another_language(translation, pair).then_some(Rule::Language)
}

/// Whether a text, however short, is surely in another language than asked for.
pub fn is_in_another_language(translation: &str, pair: Pair<'_>) -> bool {
    let said = plain(translation);
    let letters = said.chars().filter(|character| character.is_alphabetic()).count();
    if !pair.judges_language || letters < LETTERS {
        return false;
    }
    // The detector judges by which groups of letters there are, so that saying it again changes nothing but the
    // length that `language` asks for.
    let repeated = format!("{said}\n").repeat(1 + LONG_ENOUGH / letters);
    matches!(language::check(&repeated, pair.to), Verdict::Differs { .. })
}

/// Whether an answer may belong to another piece of its group: numbers moved, or it is far too short or long.
pub fn is_doubtful(source: &str, translation: &str) -> bool {
    words::numbers(source) != words::numbers(translation) || words::is_out_of_proportion(source, translation)
}

/// What only the whole file shows; `lines` are the pieces that were sent, in order.
pub fn whole(lines: &[Line<'_>], pair: Pair<'_>) -> Result<(), Rejected> {
    let mut violations: Vec<Violation> = stuck(lines);
    let long: Vec<_> = lines.iter().filter(|line| words::count(line.source) >= 3).collect();
    let kept: Vec<_> = long.iter().filter(|line| words::is_same(line.source, line.translation)).collect();
    if kept.len() > 1 && kept.len() * UNCHANGED_SHARE > long.len() {
        violations.extend(kept.iter().map(|line| Violation { cue: line.cue, rule: Rule::Unchanged }));
    }
    if !violations.is_empty() {
        return Err(Rejected::cues(violations, lines));
    }
    if !pair.judges_language {
        return Ok(());
    }
    let said: String = lines.iter().map(|line| plain(line.translation) + "\n").collect();
    match language::check(&said, pair.to) {
        Verdict::Differs { found } => Err(Rejected::Language { wanted: pair.to.to_string(), found }),
        Verdict::Agrees | Verdict::Unsure => Ok(()),
    }
}

/// Whether two subtitles are the same but for what is said: as many cues, in order, with their ids and times.
pub fn frame(source: &Subtitle, translated: &Subtitle) -> Result<(), Rejected> {
    if source.cues.len() != translated.cues.len() {
        return Err(Rejected::Count { expected: source.cues.len(), found: translated.cues.len() });
    }
    let mut cues = source.cues.iter().zip(&translated.cues);
    let moved = cues.position(|(before, after)| {
        (before.start, before.end, &before.id, &before.settings) != (after.start, after.end, &after.id, &after.settings)
    });
    moved.map_or(Ok(()), |at| Err(Rejected::Moved { cue: at + 1 }))
}

/// Runs of one text for sources that differ.
fn stuck(lines: &[Line<'_>]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let same = |one: &Line<'_>, other: &Line<'_>| words::is_same(one.translation, other.translation);
    for run in lines.chunk_by(same).filter(|run| run.len() >= STUCK) {
        let mut sources: Vec<String> = run.iter().map(|line| words::normal(line.source)).collect();
        sources.sort_unstable();
        sources.dedup();
        // "Yeah.", "Yep." and "Yes." are one word elsewhere; sentences are not.
        if sources.len() >= STUCK && words::count(run[0].translation) >= STUCK {
            violations.extend(run[1..].iter().map(|line| Violation { cue: line.cue, rule: Rule::Repeated }));
        }
    }
    violations
}

fn tags(text: &str) -> Vec<&str> {
    let mut tags: Vec<&str> = pieces(text).into_iter().filter(|(is_tag, _)| *is_tag).map(|(_, tag)| tag).collect();
    tags.sort_unstable();
    tags
}

/// Whether no tag closes before it opens, unless it did so in the source.
fn is_balanced(source: &str, translation: &str) -> bool {
    let closes_early = |text: &str| {
        let mut open: Vec<&str> = Vec::new();
        pieces(text).into_iter().filter(|(is_tag, _)| *is_tag).any(|(_, tag)| {
            let name = |tag: &'_ str| tag.find([' ', '>']).unwrap_or(tag.len());
            if let Some(closing) = tag.strip_prefix("</") {
                let found = open.iter().rposition(|opened| *opened == &closing[..name(closing)]);
                return found.map(|at| open.remove(at)).is_none();
            }
            if let Some(opening) = tag.strip_prefix('<').filter(|_| !tag.ends_with("/>")) {
                open.push(&opening[..name(opening)]);
            }
            false
        })
    };
    !closes_early(translation) || closes_early(source)
}

#[cfg(test)]
mod tests;
