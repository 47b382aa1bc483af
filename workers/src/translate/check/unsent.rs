//! Cues that no engine gets: the syllables of a song are timed one by one, and words of another language would not fit
//! them. They come in and stay as they are, unless that would leave the file in its source's language. Pure.

use super::{
    rejected::RejectedTranslation,
    rule::{Line, Pair, Rule, Violation},
    short_verdict,
};
use crate::subtitle::{language::LanguageVerdict, markup::inline::plain};

/// Rejects a file whose `unsent` cues are more than its `sent` texts, or surely in the source's language.
pub fn unsent(unsent: &[(usize, &str)], sent: usize, pair: Pair<'_>) -> Result<(), RejectedTranslation> {
    let words: String = unsent.iter().map(|(_, text)| plain(text) + "\n").collect();
    let is_source = pair.from.primary() != pair.to.primary()
        && pair.checks_language
        && short_verdict(&words, pair.from) == LanguageVerdict::Agrees;
    if unsent.len() <= sent && !is_source {
        return Ok(());
    }
    let violations = unsent.iter().map(|(cue, _)| Violation { cue: *cue, rule: Rule::NotSent }).collect();
    let lines: Vec<Line<'_>> =
        unsent.iter().map(|(cue, text)| Line { cue: *cue, source: text, translation: text }).collect();
    Err(RejectedTranslation::cues(violations, &lines))
}
