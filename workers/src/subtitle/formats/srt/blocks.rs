//! The lines between two time lines of a SubRip text: lines come in one by one, the text of the cue before and the
//! number of the cue behind go out. Heads of WebVTT files and comments between them belong to neither. Pure.

use crate::subtitle::{line::is_structure, time};

/// A line that is no text, but what a WebVTT file has in front of its cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The line that begins it.
    First,
    /// One that follows, up to an empty line.
    Rest,
}

/// Lines since the last time line, trimmed.
#[derive(Default)]
pub(super) struct Blocks<'a> {
    lines: Vec<&'a str>,
    /// Whether the lines belong to a head, up to the next empty one.
    is_head: bool,
    /// Whether the lines belong to a cue whose times could not be read.
    is_skipped: bool,
    /// How many cues had a line of their own for their number, with an empty one in front.
    numbered: usize,
}

impl<'a> Blocks<'a> {
    /// Takes a line that is not a time line; returns what it is if it is not text either.
    pub(super) fn push(&mut self, line: &'a str, has_cue: bool) -> Option<Head> {
        if line.is_empty() {
            self.is_head = false;
        } else if self.is_head {
            return Some(Head::Rest);
        } else if is_structure(line) || (self.is_at_gap(has_cue) && is_comment(line)) {
            self.is_head = true;
            return Some(Head::First);
        }
        self.lines.push(line);
        None
    }

    /// What follows belongs to no cue, up to the next time line.
    pub(super) fn skip(&mut self) {
        self.is_skipped = true;
    }

    pub(super) fn last(&self) -> Option<&'a str> {
        self.lines.last().copied()
    }

    /// Whether there is nothing but empty lines.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.is_empty())
    }

    /// Whether nothing, or an empty line, is in front of what comes next.
    fn is_at_gap(&self, has_cue: bool) -> bool {
        self.last().map_or(!has_cue, str::is_empty)
    }

    /// Whether a time line here would be the first of its block, its number aside.
    pub(super) fn is_at_start(&self, has_cue: bool) -> bool {
        if self.is_at_gap(has_cue) || self.is_head {
            return true;
        }
        let [before @ .., last] = &self.lines[..] else { return false };
        before.last().map_or(!has_cue, |line| line.is_empty()) && time::is_index(last)
    }

    /// Takes the last line away if it is the number of the cue that a time line begins.
    pub(super) fn take_index(
        &mut self,
        has_cue: bool,
        has_number: bool,
        begun: usize,
        is_expected: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        let last = self.last()?;
        if last.is_empty() {
            return self.take_spaced_index(has_cue, is_expected);
        }
        let before = &self.lines[..self.lines.len() - 1];
        let is_alone = before.last().is_some_and(|line| line.is_empty()) || (before.is_empty() && !has_cue);
        let has_text = before.iter().any(|line| !line.is_empty());
        let is_number = if time::is_index(last) {
            let is_apart = before.last().is_none_or(|line| line.is_empty());
            let is_all_there_is = has_cue && !has_text;
            is_expected(last)
                || !has_cue
                || (is_apart && !(is_all_there_is && before.is_empty()))
                || (has_number && !is_all_there_is)
        } else {
            let is_usual = self.numbered * 2 > begun;
            is_alone
                && (has_text || !has_cue)
                && (time::is_cue_number(last) || (has_cue && is_usual && time::is_bare_word(last)))
        };
        is_number.then(|| {
            self.numbered += usize::from(is_alone);
            self.lines.pop();
            last
        })
    }

    /// Takes the number of a cue with empty lines behind it, as in a file in which every other line is empty.
    fn take_spaced_index(&mut self, has_cue: bool, is_expected: impl Fn(&str) -> bool) -> Option<&'a str> {
        let at = self.lines.iter().rposition(|line| !line.is_empty())?;
        let number = self.lines[at];
        let is_alone = at.checked_sub(1).map_or(!has_cue, |before| self.lines[before].is_empty());
        let is_number = is_alone && if has_cue { is_expected(number) } else { time::is_index(number) };
        is_number.then(|| {
            self.lines.truncate(at);
            number
        })
    }

    /// Room of lines that were taken, to be used again.
    pub(super) fn reuse(&mut self, mut lines: Vec<&'a str>) {
        lines.clear();
        self.lines = lines;
    }

    /// The lines of the cue's text, without empty ones at the end.
    pub(super) fn take(&mut self) -> Vec<&'a str> {
        let mut lines = std::mem::take(&mut self.lines);
        self.is_head = false;
        if std::mem::take(&mut self.is_skipped) {
            lines.clear();
        }
        let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
        lines.truncate(last);
        lines
    }
}

fn is_comment(line: &str) -> bool {
    line.strip_prefix("NOTE").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}
