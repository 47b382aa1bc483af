//! TTML and its profiles (IMSC, EBU-TT, DFXP): an XML text comes in, cues with SubRip's markup go out. Times, italics,
//! bold, underline, and whether a region is at the top are kept. Pure.

mod clock;
mod paragraph;
mod styles;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use self::{
    clock::Rates,
    paragraph::Paragraph,
    styles::{Look, Styles},
};
use super::builder::{Builder, MAX_OPEN};
use crate::subtitle::{Cue, Warning, warning::Code};

/// Whether a text has TTML's root element, perhaps behind a declaration and comments.
pub(in crate::subtitle) fn has_signature(start: &str) -> bool {
    let head: String = start.chars().take(4000).collect();
    start.starts_with('<')
        && head.match_indices('<').any(|(at, _)| {
            let name = head[at + 1..].split(|end: char| end.is_whitespace() || matches!(end, '>' | '/')).next();
            let name = name.unwrap_or_default();
            name == "tt" || name.ends_with(":tt")
        })
}

/// Elements deeper than this are read without their times and styles.
const DEEPEST: usize = 64;

/// What an element hands on to those inside it.
#[derive(Clone, Debug, Default)]
struct Scope {
    /// In milliseconds; none until an element says it.
    start: Option<u64>,
    end: Option<u64>,
    look: Look,
    is_preserved: bool,
}

/// Reads the cues. What is broken ends the reading, with a warning.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    let mut document = Document {
        builder: Builder::new(warnings),
        rates: Rates::default(),
        styles: Styles::default(),
        scopes: Vec::new(),
        skipped: 0,
        paragraph: None,
        lines: LineCounter { text, at: 0, line: 1 },
    };
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        match reader.read_event() {
            Ok(Event::Start(element)) => document.start(&element, at),
            Ok(Event::Empty(element)) => {
                document.start(&element, at);
                document.end(element.local_name().as_ref());
            }
            Ok(Event::End(element)) => document.end(element.local_name().as_ref()),
            Ok(Event::Text(words)) => document.text(&words.decode().unwrap_or_default()),
            Ok(Event::CData(words)) => document.text(&words.decode().unwrap_or_default()),
            Ok(Event::GeneralRef(reference)) => {
                let reference = format!("&{};", reference.decode().unwrap_or_default());
                document.text(&htmlize::unescape(&reference));
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                let line = document.lines.line_at(at);
                document.builder.warn(Code::UnknownLine, line);
                break;
            }
        }
    }
    document.paragraph();
    document.builder.finish(MAX_OPEN)
}

/// Counts lines as the reader goes on.
struct LineCounter<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
    fn line_at(&mut self, at: usize) -> usize {
        let passed = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.at = self.at.max(at);
        self.line
    }
}

struct Document<'a, 'w> {
    builder: Builder<'w>,
    rates: Rates,
    styles: Styles,
    scopes: Vec<Scope>,
    /// How many open elements are too deep to count.
    skipped: usize,
    paragraph: Option<Paragraph>,
    lines: LineCounter<'a>,
}

/// An attribute by its local name: writers use any prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|attribute| attribute.key.local_name().as_ref() == name.as_bytes())?;
    let value = String::from_utf8_lossy(&found.value).into_owned();
    Some(htmlize::unescape(&value).into_owned())
}

impl Document<'_, '_> {
    fn start(&mut self, element: &BytesStart<'_>, at: usize) {
        if self.scopes.len() >= DEEPEST {
            self.skipped += 1;
            return;
        }
        let get = |name: &str| attribute(element, name);
        let mut scope = self.scopes.last().cloned().unwrap_or_default();
        match element.local_name().as_ref() {
            b"tt" => self.rates = Rates::new(&get),
            b"style" => self.styles.add_style(&get),
            b"region" => self.styles.add_region(&get),
            b"br" => {
                if let Some(paragraph) = &mut self.paragraph {
                    paragraph.line_break();
                }
            }
            b"body" | b"div" | b"p" | b"span" => {
                let base = scope.start.unwrap_or(0);
                let time = |name: &str| get(name).map(|text| self.rates.milliseconds(&text));
                let (begin, end, duration) = (time("begin"), time("end"), time("dur"));
                if [begin, end, duration].contains(&Some(None)) {
                    let line = self.lines.line_at(at);
                    self.builder.warn(Code::UnreadTimeLine, line);
                }
                let within = |offset: u64| base.saturating_add(offset).min(1 << 50);
                let start = begin.flatten().map(within);
                let ends = [
                    end.flatten().map(within),
                    duration.flatten().map(|length| start.unwrap_or(base).saturating_add(length)),
                ];
                scope.start = start.or(scope.start);
                scope.end = ends.into_iter().flatten().min().or(scope.end);
                self.styles.apply(&get, &mut scope.look);
                if let Some(space) = get("space") {
                    scope.is_preserved = space == "preserve";
                }
                if element.local_name().as_ref() == b"p" {
                    self.paragraph();
                    self.paragraph = Some(Paragraph::new(self.lines.line_at(at)));
                }
            }
            _ => {}
        }
        self.scopes.push(scope);
    }

    fn end(&mut self, name: &[u8]) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        self.scopes.pop();
        if name == b"p" {
            self.paragraph();
        }
    }

    fn text(&mut self, words: &str) {
        if let (Some(paragraph), Some(scope)) = (&mut self.paragraph, self.scopes.last()) {
            paragraph.text(words, (scope.start, scope.end), scope.look, scope.is_preserved);
        }
    }

    /// Ends the open paragraph: one cue for each time that its text has.
    fn paragraph(&mut self) {
        let Some(paragraph) = self.paragraph.take() else { return };
        let line = paragraph.line;
        for ((start, end), text) in paragraph.cues() {
            match start {
                Some(start) => self.builder.cue(line, start, end, &text),
                None => self.builder.warn(Code::UnreadTimeLine, line),
            }
        }
    }
}
