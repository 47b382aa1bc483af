//! Whether a file was read as a whole: a subtitle comes in, what a viewer would miss of it goes out. Asked before a file is
//! translated or converted. Pure.

use super::{Subtitle, time::holds_time_line};

/// Numbers that are listed.
const LISTED: usize = 5;

/// Why a translation or conversion of the cues that were read would not be the whole file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// Cues could not be read.
    #[error("{count} of the file's cues cannot be read and would be missing: {first}")]
    UnreadCues {
        /// How many.
        count: usize,
        /// The first of them: its line, and what is wrong with it.
        first: String,
    },
    /// The text of cues holds time lines, so that it is the text of other cues, too.
    #[error("the text of cues holds time lines that could not be told from it: {}", listed(cues))]
    TimesInText {
        /// Numbers of the cues, from 1; at least one.
        cues: Vec<usize>,
    },
}

impl Subtitle {
    /// Why the cues are not the whole file, if they are not.
    pub fn incomplete(&self) -> Option<Incomplete> {
        let mut unread = self.warnings.iter().filter(|warning| warning.code.is_unread_cue());
        if let Some(first) = unread.next() {
            let first = format!("line {}: {}", first.line, first.message);
            return Some(Incomplete::UnreadCues { count: self.unread_cues(), first });
        }
        let holds = |text: &str| holds_time_line(&self.format.plain(text));
        let cues = (1..).zip(&self.cues).filter(|(_, cue)| holds(&cue.text)).map(|(number, _)| number);
        let cues: Vec<usize> = cues.collect();
        (!cues.is_empty()).then_some(Incomplete::TimesInText { cues })
    }
}

fn listed(cues: &[usize]) -> String {
    let numbers: Vec<String> = cues.iter().take(LISTED).map(|cue| format!("cue {cue}")).collect();
    let more = cues.len().checked_sub(LISTED).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
    numbers.join(", ") + &more.unwrap_or_default()
}
