//! Whether a translation may be delivered: pieces before and after come in, the broken rules go out, each with its cue.
//! The rules are those that engines break in practice: lines lost and merged, tags lost, source lines left untranslated,
//! prompts and JSON in the text, another language than asked for.
//!
//! Rules decide. A doubt only means that an answer may belong to another line, so that the engine is asked again in
//! smaller groups, down to one piece, which cannot be mixed up with another. Pure.

mod leak;
mod rejected;
mod rule;
mod unsent;
mod words;

pub use rejected::RejectedTranslation;
pub use rule::{Line, Pair, Rule, Violation};
pub use unsent::unsent;

use subtitle_contract::language::Language;

use crate::subtitle::{
    Subtitle,
    language::{self, LanguageVerdict},
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
    pair.checks_language && matches!(short_verdict(&plain(translation), pair.to), LanguageVerdict::Differs { .. })
}

/// The verdict on a text that may be too short for a detector by itself.
fn short_verdict(words: &str, language: &Language) -> LanguageVerdict {
    let letters = words.chars().filter(|character| character.is_alphabetic()).count();
    if letters < LETTERS {
        return LanguageVerdict::Unsure;
    }
    // The detector goes by which groups of letters there are, so that repeating the text changes nothing but the
    // length that `language` asks for.
    language::check(&format!("{words}\n").repeat(1 + LONG_ENOUGH / letters), language)
}

/// Whether an answer may belong to another piece of its group: numbers moved, or it is far too short or long.
pub fn is_doubtful(source: &str, translation: &str) -> bool {
    words::numbers(source) != words::numbers(translation) || words::is_out_of_proportion(source, translation)
}

/// What only the whole file shows; `lines` are the pieces that were sent, in order.
pub fn whole(lines: &[Line<'_>], pair: Pair<'_>) -> Result<(), RejectedTranslation> {
    let mut violations: Vec<Violation> = stuck(lines);
    let long: Vec<_> = lines.iter().filter(|line| words::count(line.source) >= 3).collect();
    let kept: Vec<_> = long.iter().filter(|line| words::is_same(line.source, line.translation)).collect();
    if kept.len() > 1 && kept.len() * UNCHANGED_SHARE > long.len() {
        violations.extend(kept.iter().map(|line| Violation { cue: line.cue, rule: Rule::Unchanged }));
    }
    if !violations.is_empty() {
        return Err(RejectedTranslation::cues(violations, lines));
    }
    if !pair.checks_language {
        return Ok(());
    }
    let dialogue: String = lines.iter().map(|line| plain(line.translation) + "\n").collect();
    match language::check(&dialogue, pair.to) {
        LanguageVerdict::Differs { found } => Err(RejectedTranslation::Language { wanted: pair.to.to_string(), found }),
        LanguageVerdict::Agrees | LanguageVerdict::Unsure => Ok(()),
    }
}

/// Whether two subtitles are the same but for what is said: as many cues, in order, with their ids and times.
pub fn frame(source: &Subtitle, translated: &Subtitle) -> Result<(), RejectedTranslation> {
    if source.cues.len() != translated.cues.len() {
        return Err(RejectedTranslation::Count { expected: source.cues.len(), found: translated.cues.len() });
    }
    let mut cues = source.cues.iter().zip(&translated.cues);
    let moved = cues.position(|(before, after)| {
        (before.start, before.end, &before.id, &before.settings) != (after.start, after.end, &after.id, &after.settings)
    });
    moved.map_or(Ok(()), |at| Err(RejectedTranslation::Moved { cue: at + 1 }))
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
