//! A SubRip text comes in, its cues go out: every time line begins a cue, and what follows up to the next one is its
//! text. Numbers, empty lines inside a text and missing ones between cues do not matter. Pure.

use super::blocks::{Blocks, Head};
use crate::subtitle::{
    Cue, Warning,
    line::{Line, Lines, expected_cues},
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
    /// Words behind the times on their line.
    words: &'a str,
}

/// Reads the cues, in order of their start.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut reader = Reader {
        cues: Vec::with_capacity(expected_cues(text, "-->")),
        open: None,
        blocks: Blocks::default(),
        number: None,
        begun: 0,
        warnings,
    };
    let (mut ending, mut is_mixed) = ("", false);
    let mut lines = Lines::new(text);
    while let Some(line) = lines.next() {
        if ending.is_empty() {
            ending = line.ending;
        } else if !is_mixed && !line.ending.is_empty() && line.ending != ending {
            is_mixed = true;
            reader.warn(Code::MixedLineEnds, line.number);
        }
        let is_followed = || lines.clone().next().is_some_and(|next| !next.text.trim().is_empty());
        match time::classify(line.text) {
            time::Line::Time(times) if reader.begins_cue(times.is_weak, is_followed) => {
                reader.begin(&times, line.number);
            }
            time::Line::Unreadable if reader.begins_cue(false, is_followed) => reader.skip_cue(line.number),
            time::Line::Sentence if reader.blocks.is_at_start(reader.open.is_some()) => reader.skip_cue(line.number),
            _ => reader.text(&line),
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
    /// The lines since the last time line.
    blocks: Blocks<'a>,
    /// The last cue's number.
    number: Option<u64>,
    /// How many time lines there were.
    begun: usize,
    warnings: &'w mut Vec<Warning>,
}

impl<'a> Reader<'a, '_> {
    fn warn(&mut self, code: Code, line: usize) {
        self.warnings.push(Warning::new(code, line));
    }

    /// Whether a line that looks like times begins a cue. What somebody may say (`12:30 -> 14:00`) does so only at the
    /// start of a block; real times do not where they are the last line of a text that goes on right before them.
    fn begins_cue(&self, is_weak: bool, is_followed: impl Fn() -> bool) -> bool {
        self.blocks.is_at_start(self.open.is_some())
            || (!is_weak && (self.open.is_none() || self.blocks.is_empty() || is_followed()))
    }

    fn text(&mut self, line: &Line<'a>) {
        match self.blocks.push(line.text.trim(), self.open.is_some()) {
            Some(Head::First) => self.warn(Code::IgnoredBlock, line.number),
            Some(Head::Rest) | None => {}
        }
    }

    /// Ends the open cue where another one begins whose times cannot be read; its text belongs to no cue.
    fn skip_cue(&mut self, line: usize) {
        let _ = self.take_index();
        self.finish();
        self.warn(Code::UnreadTimeLine, line);
        self.blocks.skip();
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
        if self.open.is_some() && self.blocks.last().is_some_and(|last| !last.is_empty()) {
            self.warn(Code::MissingBlankLine, line);
        }
        self.finish();
        self.number = number.or(self.number);
        self.begun += 1;
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
        let (settings, words) = if time::is_settings(times.rest) { (times.rest, "") } else { ("", times.rest) };
        if !settings.is_empty() {
            self.warn(Code::TimeLineExtras, line);
        }
        if !words.is_empty() {
            self.warn(Code::TextOnTimeLine, line);
        }
        self.open = Some(Open { line, start, end: end.max(start), id, settings, words });
    }

    /// The last line before a time line is the cue's number if it looks like one; but where nothing sets it apart
    /// from the text before, it might be all that somebody says.
    fn take_index(&mut self) -> Option<&'a str> {
        let follows = self.number.and_then(|number| number.checked_add(1));
        let is_expected = |last: &str| last.parse::<u64>().ok().is_some_and(|number| Some(number) == follows);
        self.blocks.take_index(self.open.is_some(), self.number.is_some(), self.begun, is_expected)
    }

    /// Ends the open cue with the lines gathered since.
    fn finish(&mut self) {
        let lines = self.blocks.take();
        let Some(open) = self.open.take() else {
            if !lines.is_empty() {
                self.warn(Code::TextBeforeFirstCue, 1);
            }
            self.blocks.reuse(lines);
            return;
        };
        let has_gap = lines.iter().any(|line| line.is_empty());
        let words = (!open.words.is_empty()).then_some(open.words);
        let canonical = super::canonical(words.into_iter().chain(lines.iter().copied()));
        self.blocks.reuse(lines);
        if has_gap {
            self.warn(Code::BlankLineInText, open.line);
        }
        for code in canonical.repairs() {
            self.warn(code, open.line);
        }
        if canonical.text.is_empty() {
            self.warn(Code::EmptyCue, open.line);
            return;
        }
        let boxed = |text: &str| (!text.is_empty()).then(|| text.into());
        self.cues.push(Cue {
            start: open.start,
            end: open.end,
            text: canonical.text,
            id: open.id.and_then(boxed),
            settings: boxed(open.settings),
        });
    }
}
