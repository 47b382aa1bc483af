//! A WebVTT text comes in, its cues go out, exactly those that the standard's parser gives (section 6.1), and a
//! document that keeps everything else. Pure.

use std::ops::Range;

use super::timing;
use crate::subtitle::{
    Cue, Warning,
    document::Document,
    line::{Line, Lines, expected_cues},
    warning::Code,
};

const SIGNATURE: &str = "WEBVTT";

/// Whether a text begins as a WebVTT file must: the signature, then a space, a tab or the end of the line.
pub(in crate::subtitle) fn has_signature(text: &str) -> bool {
    text.strip_prefix(SIGNATURE).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Reads the cues in the order of the file. `text` has the signature, perhaps behind white space.
pub(in crate::subtitle) fn read(text: &str, has_mark: bool, warnings: &mut Vec<Warning>) -> (Vec<Cue>, Document) {
    let expected = expected_cues(text, "-->");
    let mut parser = Parser {
        text,
        lines: Lines::new(text),
        cues: Vec::with_capacity(expected),
        holes: Vec::with_capacity(expected),
        has_metadata: false,
        warnings,
    };
    if !text.starts_with(SIGNATURE) {
        parser.warnings.push(Warning::new(Code::MisplacedSignature, 1));
    }
    let signature = parser.lines.by_ref().find(|line| has_signature(line.text.trim_start()));
    parser.has_metadata |= signature.is_some_and(|line| line.text.trim() != SIGNATURE);
    let mut is_header = true;
    while parser.lines.at() < text.len() {
        parser.block(is_header);
        is_header = false;
    }
    let Parser { cues, holes, has_metadata, .. } = parser;
    (cues, Document::new(text, has_mark, holes, has_metadata))
}

/// Whether a block is a comment.
fn is_note(block: &str) -> bool {
    block.strip_prefix("NOTE").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

struct Parser<'a, 'w> {
    text: &'a str,
    lines: Lines<'a>,
    cues: Vec<Cue>,
    holes: Vec<Range<usize>>,
    has_metadata: bool,
    warnings: &'w mut Vec<Warning>,
}

/// The lines of a block that are neither empty nor times, as a piece of the text.
type Buffer = Option<Range<usize>>;

impl<'a> Parser<'a, '_> {
    fn warn(&mut self, code: Code, line: usize) {
        self.warnings.push(Warning::new(code, line));
    }

    /// "Collect a WebVTT block". The header's block holds no cue.
    fn block(&mut self, is_header: bool) {
        let (mut lines, mut seen_arrow, mut is_definition) = (0, false, false);
        let mut first = 0;
        let mut before = self.lines.clone();
        let mut cue: Option<(timing::Cue<'a>, Buffer, Line<'a>)> = None;
        let mut buffer: Buffer = None;
        while let Some(line) = self.lines.next() {
            lines += 1;
            if lines == 1 {
                first = line.number;
            }
            if memchr::memmem::find(line.text.as_bytes(), b"-->").is_some() {
                if is_header || !(lines == 1 || (lines == 2 && !seen_arrow)) {
                    self.lines = before;
                    break;
                }
                seen_arrow = true;
                before = self.lines.clone();
                if let Some(times) = timing::read(line.text) {
                    cue = Some((times, buffer.take(), line));
                } else {
                    let is_comment = lines == 1 && is_note(line.text);
                    self.warn(if is_comment { Code::IgnoredBlock } else { Code::BadTiming }, line.number);
                }
            } else if line.text.is_empty() {
                break;
            } else {
                if lines == 2 && !is_header && self.cues.is_empty() && cue.is_none() && self.is_definition(&buffer) {
                    is_definition = true;
                }
                let start = buffer.map_or(line.start, |buffer| buffer.start);
                buffer = Some(start..line.start + line.text.len());
                before = self.lines.clone();
            }
        }
        if let Some((times, id, line)) = cue {
            self.cue(&times, id, &line, buffer);
        } else if let Some(buffer) = buffer {
            self.has_metadata = true;
            let text = &self.text[buffer];
            if !(is_header || is_definition || is_note(text) || seen_arrow) {
                self.warn(Code::IgnoredBlock, first);
            }
        }
    }

    /// Whether the block is a style sheet or a region, which only count before the first cue.
    fn is_definition(&self, buffer: &Buffer) -> bool {
        let first = buffer.clone().map_or("", |buffer| &self.text[buffer]);
        let keyword = first.trim_end_matches(|character: char| character.is_ascii_whitespace());
        matches!(keyword, "STYLE" | "REGION")
    }

    fn cue(&mut self, times: &timing::Cue<'a>, id: Buffer, line: &Line<'a>, payload: Buffer) {
        let hole = payload.unwrap_or_else(|| {
            let end = line.start + line.text.len() + line.ending.len();
            end..end
        });
        let text = super::unified(&self.text[hole.clone()]).into_owned();
        if text.contains('\u{FFFD}') && self.text[hole.clone()].contains('\0') {
            self.warn(Code::ReplacedNul, line.number);
        }
        if times.end < times.start {
            self.warn(Code::EndBeforeStart, line.number);
        }
        if self.cues.last().is_some_and(|last| last.start > times.start) {
            self.warn(Code::OutOfOrder, line.number);
        }
        if !timing::are_known(times.settings) {
            self.warn(Code::IgnoredSetting, line.number);
        }
        let boxed = |text: &str| (!text.is_empty()).then(|| text.replace('\0', "\u{FFFD}").into());
        self.cues.push(Cue {
            start: times.start,
            end: times.end.max(times.start),
            text,
            id: id.and_then(|id| boxed(&self.text[id])),
            settings: boxed(times.settings),
        });
        self.holes.push(hole);
    }
}
