//! Puts answers together into the cues' new texts, batch by batch, with the rules that were broken. Pure.

use super::super::{
    check::{Line, Rule, Violation},
    text::lines::{self, Piece},
};

/// The cues translated so far.
#[derive(Debug, Default)]
pub(crate) struct TranslatedCues {
    /// Each cue's new text, in order.
    pub(crate) texts: Vec<String>,
    /// Numbers, from 1, of the cues that stay untranslated.
    pub(crate) rejected: Vec<usize>,
    /// Cue, source and translation of each piece that was sent and answered.
    pairs: Vec<(usize, String, String)>,
}

/// An empty answer means that the engine has none.
pub(crate) fn rejected_if_empty(answer: String) -> Result<String, Rule> {
    if answer.is_empty() { Err(Rule::Empty) } else { Ok(answer) }
}

impl TranslatedCues {
    /// Adds cues that come after `before` others; a cue with a rejected piece stays as it was and is returned.
    pub(crate) fn add(
        &mut self,
        cues: &[Vec<Piece>],
        answers: &[Result<String, Rule>],
        before: usize,
    ) -> Vec<Violation> {
        let mut answers = answers.iter();
        let mut violations = Vec::new();
        for (at, pieces) in cues.iter().enumerate() {
            let cue = before + at + 1;
            let mut texts = Vec::with_capacity(pieces.len());
            let mut broken = None;
            for piece in pieces {
                let answer = if piece.is_translatable { answers.next() } else { None };
                match answer {
                    Some(Ok(text)) => {
                        self.pairs.push((cue, piece.text.clone(), text.clone()));
                        texts.push(text.as_str());
                    }
                    Some(Err(rule)) => broken = Some(rule.clone()),
                    None if piece.is_translatable => broken = Some(Rule::GivenUp),
                    None => texts.push(&piece.text),
                }
            }
            self.texts.push(match broken {
                None => lines::join(pieces, &texts),
                Some(rule) => {
                    violations.push(Violation { cue, rule });
                    self.rejected.push(cue);
                    lines::kept(pieces)
                }
            });
        }
        violations
    }

    /// Counts cues that were not sent among those that stay untranslated.
    pub(crate) fn leave(&mut self, cues: impl Iterator<Item = usize>) {
        self.rejected.extend(cues);
        self.rejected.sort_unstable();
        self.rejected.dedup();
    }

    /// Pieces that were sent and answered.
    pub(crate) fn answered(&self) -> usize {
        self.pairs.len()
    }

    /// What was sent and answered, for the checks of the whole file.
    pub(crate) fn lines(&self) -> Vec<Line<'_>> {
        self.pairs.iter().map(|(cue, source, translation)| Line { cue: *cue, source, translation }).collect()
    }
}
