//! Why a translation is not delivered, with the numbers of its cues. Pure.

use std::fmt;

use super::rule::{Line, Violation};

/// Cues that are explained; of the others only the numbers are listed.
const EXPLAINED: usize = 5;

/// A translation that must not be delivered.
#[derive(Debug, PartialEq, Eq)]
pub enum RejectedTranslation {
    /// Cues were lost or added.
    Count {
        /// Cues before.
        expected: usize,
        /// Cues after.
        found: usize,
    },
    /// A cue has another position, time or id.
    Moved {
        /// Its number from 1.
        cue: usize,
    },
    /// Some cues break a rule; at least one.
    Cues {
        /// Which and why, in order.
        violations: Vec<Violation>,
        /// Pieces that were sent.
        all: usize,
    },
    /// The whole is in another language.
    Language {
        /// Asked for.
        wanted: String,
        /// What it is.
        found: String,
    },
}

impl RejectedTranslation {
    /// Cues that break a rule, among `lines`.
    pub(super) fn cues(mut violations: Vec<Violation>, lines: &[Line<'_>]) -> Self {
        violations.sort_by_key(|violation| violation.cue);
        violations.dedup_by_key(|violation| violation.cue);
        Self::Cues { violations, all: lines.len() }
    }

    /// The numbers of the rejected cues, in order; empty if the whole file is rejected.
    pub fn numbers(&self) -> Vec<usize> {
        match self {
            Self::Moved { cue } => vec![*cue],
            Self::Cues { violations, .. } => violations.iter().map(|violation| violation.cue).collect(),
            Self::Count { .. } | Self::Language { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for RejectedTranslation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { expected, found } => write!(formatter, "{expected} cues became {found}"),
            Self::Moved { cue } => write!(formatter, "cue {cue} has another place, time or id than before"),
            Self::Language { wanted, found } => write!(formatter, "the text is in {found} instead of {wanted}"),
            Self::Cues { violations, all } => {
                write!(formatter, "{} of {all} texts cannot be shipped: ", violations.len())?;
                for (at, Violation { cue, rule }) in violations.iter().take(EXPLAINED).enumerate() {
                    write!(formatter, "{}cue {cue}: {rule}", if at == 0 { "" } else { "; " })?;
                }
                if violations.len() > EXPLAINED {
                    let numbers: Vec<String> = self.numbers()[EXPLAINED..].iter().map(usize::to_string).collect();
                    write!(formatter, "; and cues {}", numbers.join(", "))?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for RejectedTranslation {}
