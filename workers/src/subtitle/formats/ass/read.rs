//! An ASS text comes in; its `Dialogue:` lines that say something go out as cues, and a document that keeps every
//! other byte. Comments, drawings and attachments stay in the document. Pure.

use std::ops::Range;

use crate::subtitle::{
    Cue, Format, Warning,
    document::Document,
    line::{Line, Lines, expected_cues},
    markup::Kind,
    time::{self, Stamp},
    warning::Code,
};

/// The columns when no `Format:` line names them; SSA's differ in the first one's name only.
const USUAL: Columns = Columns { start: 1, end: 2, text: 9, behind: 0 };

/// Where an event's columns are.
#[derive(Clone, Copy)]
struct Columns {
    start: usize,
    end: usize,
    text: usize,
    /// How many there are behind the text.
    behind: usize,
}

impl Columns {
    fn read(format: &str) -> Option<Self> {
        let at = |name: &str| format.split(',').position(|column| column.trim().eq_ignore_ascii_case(name));
        let text = at("Text")?;
        let behind = format.split(',').count() - 1 - text;
        let columns = Self { start: at("Start")?, end: at("End")?, text, behind };
        // The text may hold commas: what is behind it is only found from the end.
        (columns.start.max(columns.end) < columns.text).then_some(columns)
    }
}

/// Reads the cues in the order of the file.
pub(in crate::subtitle) fn read(text: &str, has_mark: bool, warnings: &mut Vec<Warning>) -> (Vec<Cue>, Document) {
    let expected = expected_cues(text, "Dialogue:");
    let mut cues: Vec<Cue> = Vec::with_capacity(expected);
    let mut holes = Vec::with_capacity(expected);
    let (mut columns, mut is_attachment) = (None, false);
    for line in Lines::new(text) {
        if line.text.starts_with('[') && line.text.trim_end().ends_with(']') {
            let section = line.text.trim_end();
            is_attachment = ["[Fonts]", "[Graphics]"].iter().any(|name| section.eq_ignore_ascii_case(name));
        } else if is_attachment {
            // Encoded bytes can look like anything.
        } else if let Some(format) = after_keyword(line.text, "Format:") {
            // The styles have such a line too, without these columns.
            columns = Columns::read(format).or(columns);
        } else if let Some(event) = after_keyword(line.text, "Dialogue:") {
            if columns.is_none() {
                warnings.push(Warning::new(Code::MissingFormatLine, line.number));
            }
            let columns = *columns.get_or_insert(USUAL);
            let Some((cue, hole)) = cue(&line, event, columns, warnings) else { continue };
            if cues.last().is_some_and(|last| last.start > cue.start) {
                warnings.push(Warning::new(Code::OutOfOrder, line.number));
            }
            cues.push(cue);
            holes.push(hole);
        }
    }
    (cues, Document::new(text, has_mark, holes, true))
}

/// What follows a keyword, which programs spell in any case and with space in front.
fn after_keyword<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let line = line.trim_start();
    let (start, rest) = line.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

fn cue(line: &Line<'_>, event: &str, columns: Columns, warnings: &mut Vec<Warning>) -> Option<(Cue, Range<usize>)> {
    let mut warn = |code| warnings.push(Warning::new(code, line.number));
    let (mut start, mut end, mut at) = (None, None, 0);
    for column in 0..columns.text {
        let Some(length) = memchr::memchr(b',', &event.as_bytes()[at..]) else {
            warn(Code::BadEvent);
            return None;
        };
        let field = &event[at..at + length];
        if column == columns.start {
            start = stamp(field);
        } else if column == columns.end {
            end = stamp(field);
        }
        at += length + 1;
    }
    let behind = columns.behind.checked_sub(1).and_then(|before| event[at..].rmatch_indices(',').nth(before));
    let text = &event[at..behind.map_or(event.len(), |(comma, _)| at + comma)];
    let (Some((start, is_start_usual)), Some((end, is_end_usual))) = (start, end) else {
        warn(Code::BadEvent);
        return None;
    };
    let plain = Format::Ass.plain(text);
    if plain.trim().is_empty() {
        let draws = Format::Ass.segments(text).iter().any(|segment| segment.kind == Kind::Drawing);
        warn(if draws { Code::DrawingOnly } else { Code::EmptyCue });
        return None;
    }
    if !(is_start_usual && is_end_usual) {
        warn(Code::IrregularTime);
    }
    if start.is_negative || end.is_negative {
        warn(Code::NegativeTime);
    }
    let (start, end) = (start.milliseconds, end.milliseconds);
    if end < start {
        warn(Code::EndBeforeStart);
    }
    let hole = line.start + line.text.len() - event.len() + at;
    Some((Cue::new(start, end.max(start), text.to_owned()), hole..hole + text.len()))
}

/// Reads a time, and tells whether it is spelled `H:MM:SS.cc`.
fn stamp(field: &str) -> Option<(Stamp, bool)> {
    let field = field.trim_ascii();
    let is_usual = matches!(field.as_bytes(), [h, b':', _, _, b':', _, _, b'.', _, _] if h.is_ascii_digit());
    if is_usual {
        let mut clock = *b"00:00:00.000";
        clock[1..11].copy_from_slice(field.as_bytes());
        if let Some(milliseconds) = time::clock(&clock, b'.') {
            return Some((Stamp { milliseconds, is_negative: false }, true));
        }
    }
    Some((time::read(field)?, false))
}
