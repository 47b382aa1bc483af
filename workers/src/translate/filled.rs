//! Cues' texts as answers come in, batch by batch, with what was refused. Pure.

use super::{
    check::{Line, Rule, Violation},
    lines::{self, Piece},
};

/// What is translated so far.
#[derive(Debug, Default)]
pub struct Filled {
    /// Each cue's new text, in order.
    pub texts: Vec<String>,
    /// Numbers, from 1, of cues that stay as they were.
    pub refused: Vec<usize>,
    /// Cue, source and translation of each piece that was sent and answered.
    pairs: Vec<(usize, String, String)>,
}

/// An empty text stands for a piece that the engine has none for.
pub fn refused_if_empty(answer: String) -> Result<String, Rule> {
    if answer.is_empty() { Err(Rule::Empty) } else { Ok(answer) }
}

impl Filled {
    /// Adds cues of which `before` stand in front; a cue with a refused piece stays as it was, and is told of.
    pub fn add(&mut self, cues: &[Vec<Piece>], answers: &[Result<String, Rule>], before: usize) -> Vec<Violation> {
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
                    self.refused.push(cue);
                    lines::kept(pieces)
                }
            });
        }
        violations
    }

    /// How many pieces were sent and answered.
    pub fn answered(&self) -> usize {
        self.pairs.len()
    }

    /// What was sent and answered, for the checks of the whole.
    pub fn lines(&self) -> Vec<Line<'_>> {
        self.pairs.iter().map(|(cue, source, translation)| Line { cue: *cue, source, translation }).collect()
    }
}
