//! Sentences that span several cues: cues and their pieces come in, the pieces that form one sentence go out, and a
//! translated sentence is split into its cues again.
//!
//! A rule-based engine that sees half a sentence takes "have" for "own" and "gone home" for a noun. A marker between
//! the halves says where to split; where it is lost, lengths do; where a part cannot be right, the cues are translated one
//! by one. Pure.

use std::ops::Range;

use super::lines::Piece;
use crate::subtitle::{Cue, markup::inline::pieces};

/// A tag, so that engines leave it between the same words.
const MARKER: &str = "<j/>";
/// The most cues of one sentence: Subtitle Edit's author found that longer ones split worse than they read.
const MOST: usize = 3;
/// The longest silence inside a sentence, in milliseconds.
const SILENCE: u64 = 1000;

/// Runs of at least two texts that form one sentence, as indices of the texts that are sent.
pub fn found(cues: &[Cue], split: &[Vec<Piece>]) -> Vec<Range<usize>> {
    let (mut runs, mut at): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    let mut before: Option<(&Cue, &Piece)> = None;
    for (cue, in_cue) in cues.iter().zip(split) {
        let sent = in_cue.iter().filter(|piece| piece.is_translatable).count();
        let alone = match &in_cue[..] {
            [piece] if piece.is_translatable && is_plain(piece) => Some(piece),
            _ => None,
        };
        if let (Some((earlier, first)), Some(second)) = (before, alone)
            && cue.start.saturating_sub(earlier.end) <= SILENCE
            && continues(&first.text, &second.text)
        {
            match runs.last_mut().filter(|run| run.end == at) {
                Some(run) if run.len() < MOST => run.end += 1,
                Some(_) => {}
                None => runs.push(at - 1..at + 1),
            }
        }
        before = alone.map(|piece| (cue, piece));
        at += sent;
    }
    runs
}

fn is_plain(piece: &Piece) -> bool {
    pieces(&piece.text).iter().all(|(is_tag, _)| !is_tag)
}

fn continues(first: &str, second: &str) -> bool {
    first.ends_with(|last: char| last.is_alphanumeric() || last == ',') && second.starts_with(char::is_lowercase)
}

/// The sentence as it is sent.
pub fn joined(texts: &[String]) -> String {
    texts.join(&format!("{MARKER} "))
}

/// The translations of a sentence's parts: at its markers, else, where no marker came back, in proportion to their sources;
/// `None` unless every part `is_valid` as the translation of its source.
pub fn split_translation(
    sources: &[String],
    answer: &str,
    is_valid: impl Fn(&str, &str) -> bool,
) -> Option<Vec<String>> {
    let parts: Vec<String> = if answer.contains(MARKER) {
        answer.split(MARKER).map(|part| part.trim().to_owned()).collect()
    } else {
        by_proportion(sources, answer)
    };
    (parts.len() == sources.len() && sources.iter().zip(&parts).all(|(source, part)| is_valid(source, part)))
        .then_some(parts)
}

/// Parts that are as long, in proportion, as the sources', each ending at the nearest space that leaves a word for every
/// part after it.
fn by_proportion(sources: &[String], answer: &str) -> Vec<String> {
    let lengths: Vec<usize> = sources.iter().map(|source| source.chars().count()).collect();
    let (whole, words) = (lengths.iter().sum::<usize>().max(1), answer.split_whitespace().collect::<Vec<_>>());
    let all = words.iter().map(|word| word.chars().count() + 1).sum::<usize>();
    let (mut parts, mut first, mut wanted) = (Vec::new(), 0, 0);
    for (at, length) in lengths.iter().enumerate() {
        wanted += length;
        let left = sources.len() - at - 1;
        let ends_at = |end: usize| words[..end].iter().map(|word| word.chars().count() + 1).sum::<usize>();
        let distance = |end: &usize| (ends_at(*end) * whole).abs_diff(wanted * all);
        let candidates = first + 1..=words.len().saturating_sub(left);
        let Some(end) = (if left == 0 { Some(words.len()) } else { candidates.min_by_key(distance) }) else { break };
        parts.push(words[first..end.max(first)].join(" "));
        first = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use subtitle_contract::{job::SoundDescriptions, language::Language};

    use super::*;
    use crate::{
        subtitle::Format,
        translate::{
            check,
            text::{glossary::NO_TERMS, lines},
        },
    };

    fn runs(texts: &[(u64, &str)]) -> Vec<(usize, usize)> {
        let cue = |(start, text): &(u64, &str)| Cue::new(*start, start + 900, (*text).to_owned());
        let cues: Vec<Cue> = texts.iter().map(cue).collect();
        found(&cues, &lines::split_all(Format::Srt, &cues, SoundDescriptions::Keep, &NO_TERMS))
            .into_iter()
            .map(|run| (run.start, run.end))
            .collect()
    }

    const NONE: [(usize, usize); 0] = [];

    #[test]
    fn a_sentence_continues_in_lower_case_without_a_pause() {
        assert_eq!(runs(&[(0, "We should have"), (1000, "gone home."), (2000, "Yes.")]), [(0, 2)]);
        assert_eq!(runs(&[(0, "We should have"), (3000, "gone home.")]), NONE, "a silence");
        assert_eq!(runs(&[(0, "We left."), (1000, "and so did they")]), NONE, "it had ended");
        assert_eq!(runs(&[(0, "We should have"), (1000, "<b>gone</b> home.")]), NONE, "tags stay with their cue");
        assert_eq!(runs(&[(0, "- No.\n- Yes."), (1000, "if he"), (2000, "comes")]), [(2, 4)], "speakers count");
    }

    #[test]
    fn no_sentence_has_more_than_three_cues() {
        let words = [(0, "if he"), (1000, "comes back"), (2000, "we will"), (3000, "go home"), (4000, "at last")];
        assert!(runs(&words).iter().all(|run| run.1 - run.0 <= 3));
        assert_eq!(runs(&words)[0], (0, 3));
    }

    #[test]
    fn a_sentence_is_parted_at_its_markers_else_in_proportion_or_not_at_all() {
        let [from, to] = ["en", "es"].map(|tag| Language::parse(tag).expect("a tag"));
        let pair = check::Pair { from: &from, to: &to, checks_language: true, glossary: &NO_TERMS };
        let is_valid =
            |source: &str, part: &str| check::piece(source, part, pair).is_none() && !check::is_doubtful(source, part);
        let sources = ["We should have".to_owned(), "gone home.".to_owned()];
        assert_eq!(joined(&sources), "We should have<j/> gone home.");
        let parts = ["Tendríamos que haber".to_owned(), "ido a casa.".to_owned()];
        assert_eq!(split_translation(&sources, "Tendríamos que haber<j/> ido a casa.", is_valid), Some(parts.to_vec()));
        assert_eq!(
            split_translation(&sources, "Tendríamos que haber ido a casa.", is_valid),
            Some(parts.to_vec()),
            "by proportion"
        );
        for doubtful in ["Tendríamos", "<j/>Tendríamos que haber ido a casa.", "a<j/>b<j/>c"] {
            assert_eq!(split_translation(&sources, doubtful, is_valid), None, "{doubtful}");
        }
    }
}
