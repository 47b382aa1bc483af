//! A SubRip text comes in, its cues go out: every time line begins one, and what stands up to the next is its text.
//! Numbers, empty lines inside a text and missing ones between cues do not matter.

use super::super::{
    Cue, Warning,
    line::{Lines, expected_cues},
    time::{self, TimeLine},
    warning::Code,
};

/// A cue whose text is still coming.
struct Open<'a> {
    line: usize,
    start: u64,
    end: u64,
    id: Option<&'a str>,
    settings: &'a str,
}

/// Reads what there is, in order of the times.
pub(in super::super) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut reader = Reader {
        cues: Vec::with_capacity(expected_cues(text, "-->")),
        open: None,
        lines: Vec::new(),
        number: None,
        warnings,
    };
    let (mut ending, mut is_mixed) = ("", false);
    for line in Lines::new(text) {
        if ending.is_empty() {
            ending = line.ending;
        } else if !is_mixed && !line.ending.is_empty() && line.ending != ending {
            is_mixed = true;
            reader.warn(Code::MixedLineEnds, line.number);
        }
        match time::read_line(line.text) {
            Some(times) => reader.begin(&times, line.number),
            None => reader.lines.push(line.text.trim()),
        }
    }
    reader.finish();
    let Reader { mut cues, .. } = reader;
    if !cues.is_sorted_by_key(|cue| cue.start) {
        cues.sort_by_key(|cue| cue.start);
    }
    cues
}

struct Reader<'a, 'w> {
    cues: Vec<Cue>,
    open: Option<Open<'a>>,
    /// Since the last time line, trimmed.
    lines: Vec<&'a str>,
    /// The last cue's number.
    number: Option<u64>,
    warnings: &'w mut Vec<Warning>,
}

impl<'a> Reader<'a, '_> {
    fn warn(&mut self, code: Code, line: usize) {
        self.warnings.push(Warning::new(code, line));
    }

    fn begin(&mut self, times: &TimeLine<'a>, line: usize) {
        let id = self.take_index().or(times.index);
        let number = id.and_then(|id| id.parse::<u64>().ok());
        let follows = match (self.number, number) {
            (None, Some(_)) => self.open.is_none(),
            (Some(last), Some(number)) => last.checked_add(1) == Some(number),
            (_, None) => false,
        };
        if !follows || id.is_some_and(|id| id.len() > 1 && id.starts_with('0')) {
            self.warn(Code::IrregularIndex, line);
        }
        if self.open.is_some() && self.lines.last().is_some_and(|last| !last.is_empty()) {
            self.warn(Code::MissingBlankLine, line);
        }
        self.finish();
        self.number = number.or(self.number);
        if !times.is_regular {
            self.warn(Code::IrregularTime, line);
        }
        if times.start.is_negative || times.end.is_negative {
            self.warn(Code::NegativeTime, line);
        }
        let (start, end) = (times.start.milliseconds, times.end.milliseconds);
        if end < start {
            self.warn(Code::EndBeforeStart, line);
        }
        if self.cues.last().is_some_and(|last| last.start > start) {
            self.warn(Code::OutOfOrder, line);
        }
        if !times.rest.is_empty() {
            self.warn(Code::TimeLineExtras, line);
        }
        self.open = Some(Open { line, start, end: end.max(start), id, settings: times.rest });
    }

    /// The last line before a time line is the cue's number if it looks like one; but where nothing sets it apart
    /// from the text before, it might be all that somebody says.
    fn take_index(&mut self) -> Option<&'a str> {
        let last = *self.lines.last()?;
        if !time::is_index(last) {
            return None;
        }
        let is_apart = self.lines.len() < 2 || self.lines[self.lines.len() - 2].is_empty();
        let follows = self.number.and_then(|number| number.checked_add(1));
        let is_expected = last.parse::<u64>().ok().is_some_and(|number| Some(number) == follows);
        let is_all_there_is =
            self.open.is_some() && self.lines[..self.lines.len() - 1].iter().all(|line| line.is_empty());
        let is_index = is_expected
            || self.open.is_none()
            || (is_apart && !(is_all_there_is && self.lines.len() == 1))
            || (self.number.is_some() && !is_all_there_is);
        is_index.then(|| {
            self.lines.pop();
            last
        })
    }

    /// Ends the open cue with the lines gathered since.
    fn finish(&mut self) {
        let last = self.lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
        let lines = &self.lines[..last];
        let Some(open) = self.open.take() else {
            if !lines.is_empty() {
                self.warn(Code::TextBeforeFirstCue, 1);
            }
            self.lines.clear();
            return;
        };
        let has_gap = lines.iter().any(|line| line.is_empty());
        let (text, is_repaired) = super::canonical(lines.iter().copied());
        self.lines.clear();
        if has_gap {
            self.warn(Code::BlankLineInText, open.line);
        }
        if is_repaired {
            self.warn(Code::RepairedTags, open.line);
        }
        if text.is_empty() {
            self.warn(Code::EmptyCue, open.line);
            return;
        }
        let boxed = |text: &str| (!text.is_empty()).then(|| text.into());
        self.cues.push(Cue {
            start: open.start,
            end: open.end,
            text,
            id: open.id.and_then(boxed),
            settings: boxed(open.settings),
        });
    }
}
