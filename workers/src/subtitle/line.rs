//! A text's lines, ended by CR, LF or both. A text comes in, lines and their offsets go out. Pure.

use memchr::memchr2;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Without what ends it.
    pub(super) text: &'a str,
    /// Byte offset in the whole text.
    pub(super) start: usize,
    /// From 1.
    pub(super) number: usize,
    /// What ends it; empty at the end of the text.
    pub(super) ending: &'a str,
}

/// Goes through a text line by line.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 0 }
    }

    /// Where the next line starts.
    pub(super) const fn at(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let bytes = self.text.as_bytes();
        if self.at >= bytes.len() {
            return None;
        }
        let start = self.at;
        let end = memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |length| start + length);
        let ending = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        self.at = end + ending;
        self.number += 1;
        Some(Line { text: &self.text[start..end], start, number: self.number, ending: &self.text[end..self.at] })
    }
}

/// Whether a line is what only the header of a WebVTT file has.
pub(super) fn is_structure(line: &str) -> bool {
    let line = line.trim_start_matches('\u{FEFF}');
    line.starts_with("X-TIMESTAMP-MAP=")
        || line.strip_prefix("WEBVTT").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// About how many cues a text has, by what each of them has once; never so many that room for them would be larger
/// than a few times the text.
pub(super) fn expected_cues(text: &str, mark: &str) -> usize {
    memchr::memmem::find_iter(text.as_bytes(), mark).count().min(text.len() / 24)
}
