//! Answers to a group of pieces are accepted as a whole or not at all; a rejected group is sent again in halves, down to
//! single pieces. The caller does the sending.
//!
//! A whole group is sent again when one of its answers is rejected: an engine that merged two lines has moved all
//! lines after them, and only the last one, which is empty, shows it. Pure.

use super::super::check::{self, Pair, Rule};
use crate::subtitle::markup::inline::with_tags_around;

/// Rejections before the rest is given up: two bad pieces of fifty take about eleven, and a broken engine must not be paid
/// a hundred times.
const MOST_REJECTIONS: usize = 16;
/// In a large group, one piece in so many may be bad.
const PIECES_PER_REJECTION: usize = 8;

/// The answers to a list of pieces so far.
#[derive(Debug)]
pub(crate) struct Bisection<'a> {
    sources: &'a [String],
    pair: Pair<'a>,
    answers: Vec<Option<Result<String, Rule>>>,
    /// Groups still to be sent, as ranges; the next one last.
    open: Vec<std::ops::Range<usize>>,
    rejected: usize,
}

impl<'a> Bisection<'a> {
    /// Nothing answered yet.
    pub(crate) fn new(sources: &'a [String], pair: Pair<'a>) -> Self {
        let all = 0..sources.len();
        let open = if sources.is_empty() { vec![] } else { vec![all] };
        Self { sources, pair, answers: vec![None; sources.len()], open, rejected: 0 }
    }

    /// The next group to send, as indices of the pieces.
    pub(crate) fn next_group(&self) -> Option<std::ops::Range<usize>> {
        self.open.last().cloned()
    }

    /// Takes the answers to the next group; `true` if they are accepted.
    pub(crate) fn answer(&mut self, answers: Vec<String>) -> bool {
        let Some(range) = self.open.pop() else { return false };
        let sources = &self.sources[range.clone()];
        let is_accepted = if range.len() == 1 {
            let verdict = match <[String; 1]>::try_from(answers) {
                Ok([answer]) => checked(&sources[0], answer, self.pair),
                Err(answers) => Err(Rule::Count(answers.len())),
            };
            let is_accepted = verdict.is_ok();
            self.answers[range.start] = Some(verdict);
            is_accepted
        } else if is_beyond_doubt(sources, &answers, self.pair) {
            for (slot, answer) in self.answers[range].iter_mut().zip(answers) {
                *slot = Some(Ok(answer));
            }
            true
        } else {
            let middle = range.start + range.len() / 2;
            self.open.extend([middle..range.end, range.start..middle]);
            false
        };
        self.rejected += usize::from(!is_accepted);
        if self.rejected >= MOST_REJECTIONS.max(self.sources.len() / PIECES_PER_REJECTION) {
            self.open.clear();
        }
        is_accepted
    }

    /// The answer or the broken rule of each piece.
    pub(crate) fn finish(self) -> Vec<Result<String, Rule>> {
        self.answers.into_iter().map(|answer| answer.unwrap_or(Err(Rule::GivenUp))).collect()
    }
}

/// The answer to a piece that was sent alone. Tags that were lost or misplaced even so go around the whole text: better
/// all of it in italics than a cue in the wrong language.
fn checked(source: &str, answer: String, pair: Pair<'_>) -> Result<String, Rule> {
    match check::piece(source, &answer, pair) {
        None => Ok(answer),
        // But not the glossary's placeholders: they stand for words.
        Some(Rule::Tags) if !source.contains("<g") => {
            let moved = with_tags_around(&answer, source);
            check::piece(source, &moved, pair).map_or(Ok(moved), Err)
        }
        Some(rule) => Err(rule),
    }
}

/// Whether a group has one answer for each piece, and each is surely that piece's.
fn is_beyond_doubt(sources: &[String], answers: &[String], pair: Pair<'_>) -> bool {
    let is_fine = |(source, answer): (&String, &String)| {
        check::piece(source, answer, pair).is_none() && !check::is_doubtful(source, answer)
    };
    answers.len() == sources.len()
        && sources.iter().zip(answers).all(is_fine)
        && differ(sources, answers)
        && !check::is_in_another_language(&answers.join("\n"), pair)
}

/// Whether different neighbours got different answers; a few words may be the same in another language.
fn differ(sources: &[String], answers: &[String]) -> bool {
    let neighbours = sources.windows(2).zip(answers.windows(2));
    neighbours
        .filter(|(_, answers)| answers[0].split_whitespace().count() >= 3)
        .all(|(sources, answers)| sources[0] == sources[1] || answers[0] != answers[1])
}

#[cfg(test)]
mod tests {
    use subtitle_contract::language::Language;

    use super::*;
    use crate::translate::text::glossary::NO_TERMS;

    fn filled(texts: &[&str], mut engine: impl FnMut(&[String]) -> Vec<String>) -> (Vec<Result<String, Rule>>, usize) {
        let sources: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let [from, to] = ["en", "es"].map(|tag| Language::parse(tag).expect("a tag"));
        let mut bisection =
            Bisection::new(&sources, Pair { from: &from, to: &to, checks_language: false, glossary: &NO_TERMS });
        let mut calls = 0;
        while let Some(group) = bisection.next_group() {
            calls += 1;
            let answers = engine(&sources[group]);
            bisection.answer(answers);
        }
        (bisection.finish(), calls)
    }

    const TEXTS: [&str; 4] = ["Go home now", "Where is Anna", "She is at work", "I saw her leave"];

    fn shout(texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| format!("¡Vale, señor: {text}!")).collect()
    }

    #[test]
    fn a_good_answer_is_paid_for_once() {
        let (answers, calls) = filled(&TEXTS, shout);
        assert_eq!((answers.iter().filter(|answer| answer.is_ok()).count(), calls), (4, 1));
    }

    #[test]
    fn merged_lines_shift_nothing() {
        let merge = |texts: &[String]| {
            let mut answers = shout(texts);
            if answers.len() > 2 {
                let second = answers.remove(1);
                answers[0] += &second;
                answers.push(String::new());
            }
            answers
        };
        let (answers, calls) = filled(&TEXTS, merge);
        let expected: Vec<Result<String, Rule>> = shout(&TEXTS.map(str::to_owned)).into_iter().map(Ok).collect();
        assert_eq!((answers, calls), (expected, 3));
    }

    #[test]
    fn tags_that_are_lost_even_alone_go_around_the_whole_text() {
        for (source, answer, expected) in [
            ("Come <i>home</i> now", "Ven a casa ya", "<i>Ven a casa ya</i>"),
            ("Go <x0/>now<x1/>, Anna Brown", "Vete ya, <x1/>señora", "<x0/>Vete ya, señora<x1/>"),
        ] {
            let (answers, calls) = filled(&["Where is Anna", source], |texts| {
                texts.iter().map(|text| if text == source { answer } else { "Dónde está Anna" }.to_owned()).collect()
            });
            assert_eq!((answers[1].as_deref(), calls), (Ok(expected), 3), "asked together, then each alone");
        }
    }

    #[test]
    fn a_piece_that_never_works_is_the_only_one_refused() {
        let drop = |texts: &[String]| shout(texts).into_iter().filter(|text| !text.contains("Anna")).collect();
        let (answers, calls) = filled(&TEXTS, drop);
        let refused: Vec<usize> = (0..4).filter(|at| answers[*at].is_err()).collect();
        assert_eq!((refused, calls), (vec![1], 5));
        assert_eq!(answers[1], Err(Rule::Count(0)));
    }

    #[test]
    fn an_engine_that_never_works_is_given_up() {
        let texts: Vec<String> = (0..100).map(|at| format!("Go home now, number {at}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (answers, calls) = filled(&texts, |_| Vec::new());
        assert_eq!(calls, MOST_REJECTIONS);
        assert_eq!(answers[99], Err(Rule::GivenUp));
        assert!(answers.iter().all(Result::is_err));
    }
}
