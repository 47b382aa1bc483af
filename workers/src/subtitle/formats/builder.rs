//! Cues of the formats that are only read: times and texts come in, in the order of the file, and cues with SubRip's
//! markup go out, each with an end and ordered by start. Pure.

use super::srt::canonical;
use crate::subtitle::{Cue, Warning, warning::Code};

/// How long a cue stays at most, in milliseconds, where the format does not say when it ends.
pub(super) const MAX_OPEN: u64 = 4_000;

/// Cues as they are read.
pub(super) struct Builder<'w> {
    /// Each with whether its end is known. A cue without a text is where the one before ends.
    events: Vec<(Cue, bool)>,
    warnings: &'w mut Vec<Warning>,
}

impl<'w> Builder<'w> {
    pub(super) const fn new(warnings: &'w mut Vec<Warning>) -> Self {
        Self { events: Vec::new(), warnings }
    }

    pub(super) fn warn(&mut self, code: Code, line: usize) {
        self.warnings.push(Warning::new(code, line));
    }

    /// A cue of a line of the file. Without an end it lasts up to the next event.
    pub(super) fn cue(&mut self, line: usize, start: u64, end: Option<u64>, text: &str) {
        let canonical = canonical(text.lines());
        for code in canonical.repairs() {
            self.warn(code, line);
        }
        if canonical.text.is_empty() {
            self.warn(Code::EmptyCue, line);
            return;
        }
        if end.is_some_and(|end| end < start) {
            self.warn(Code::EndBeforeStart, line);
        }
        if self.events.last().is_some_and(|(last, _)| last.start > start) {
            self.warn(Code::OutOfOrder, line);
        }
        self.events.push((Cue::new(start, end.unwrap_or(start).max(start), canonical.text), end.is_some()));
    }

    /// Where a cue ends that has no end of its own.
    pub(super) fn end(&mut self, start: u64) {
        self.events.push((Cue::new(start, start, String::new()), true));
    }

    /// The cues; open ones last no longer than `longest_open`, in milliseconds.
    pub(super) fn finish(mut self, longest_open: u64) -> Vec<Cue> {
        self.events.sort_by_key(|(cue, _)| cue.start);
        if self.events.iter().any(|(_, has_end)| !has_end) {
            self.warn(Code::GuessedEnd, 0);
        }
        // The next event that starts later, from behind.
        let (mut next, mut later) = (u64::MAX, u64::MAX);
        for (cue, has_end) in self.events.iter_mut().rev() {
            if cue.start < next {
                (later, next) = (next, cue.start);
            }
            if !*has_end {
                cue.end = later.min(cue.start.saturating_add(longest_open));
            }
        }
        self.events.into_iter().map(|(cue, _)| cue).filter(|cue| !cue.text.is_empty()).collect()
    }
}
