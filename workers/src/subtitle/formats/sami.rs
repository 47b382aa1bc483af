//! SAMI: an HTML-like file with `<SYNC Start=1000>` in front of each text. A text comes in, cues with SubRip's markup
//! go out. No XML parser reads it: tags are never closed. Pure.

use super::builder::Builder;
use crate::subtitle::{Cue, Format, Warning, warning::Code};

/// How long a text is shown at most, in milliseconds, where nothing follows it.
const MAX_OPEN_CUE: u64 = 10_000;

/// Whether a text is SAMI.
pub(in crate::subtitle) fn has_signature(start: &str) -> bool {
    let head: String = start.chars().take(2000).collect::<String>().to_ascii_lowercase();
    head.starts_with("<sami") || head.contains("<sync start=")
}

/// What is shown from a time on, in one language.
struct Paragraph {
    line: usize,
    /// In milliseconds; `None` if it cannot be read.
    start: Option<u64>,
    class: String,
    text: String,
}

/// Reads the cues; of several languages, those with the most text.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let paragraphs = paragraphs(text);
    let mut classes: Vec<(&str, usize)> = Vec::new();
    for paragraph in paragraphs.iter().filter(|paragraph| !is_blank(&paragraph.text) && !paragraph.class.is_empty()) {
        match classes.iter_mut().take(MOST_CLASSES).find(|(class, _)| *class == paragraph.class) {
            Some((_, count)) => *count += 1,
            None => classes.push((&paragraph.class, 1)),
        }
    }
    let most = classes.iter().map(|(_, count)| *count).max();
    let chosen = classes.iter().find(|(_, count)| Some(*count) == most).map_or("", |(class, _)| *class).to_owned();
    let mut builder = Builder::new(warnings);
    if classes.len() > 1 {
        builder.warn(Code::ChosenLanguage, 0);
    }
    // What has no class is for every language.
    let is_chosen = |paragraph: &&Paragraph| paragraph.class.is_empty() || paragraph.class == chosen;
    for Paragraph { line, start, text, .. } in paragraphs.iter().filter(is_chosen) {
        match start {
            Some(start) if is_blank(text) => builder.end(*start),
            Some(start) => builder.cue(*line, *start, None, text),
            None if is_blank(text) => {}
            None => builder.warn(Code::UnreadTimeLine, *line),
        }
    }
    builder.finish(MAX_OPEN_CUE)
}

/// No file has subtitles in more languages.
const MOST_CLASSES: usize = 32;

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let (mut at, mut line, mut counted) = (0, 1, 0);
    while at < text.len() {
        let next = memchr::memchr(b'<', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
        push(&mut paragraphs, &text[at..next]);
        let Some(rest) = text.get(next..).filter(|rest| !rest.is_empty()) else { break };
        let end = if rest.starts_with("<!--") {
            memchr::memmem::find(rest.as_bytes(), b"-->").map(|end| end + 3)
        } else {
            memchr::memchr2(b'>', b'<', &rest.as_bytes()[1..]).map(|end| end + 2)
        };
        let Some(tag) = end.and_then(|end| rest.get(..end)).filter(|tag| tag.ends_with('>')) else {
            push(&mut paragraphs, "<");
            at = next + 1;
            continue;
        };
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..next]).count();
        counted = next;
        apply(tag, line, &mut paragraphs);
        at = next + tag.len();
    }
    paragraphs
}

/// What a tag changes.
fn apply(tag: &str, line: usize, paragraphs: &mut Vec<Paragraph>) {
    let inner = tag[1..tag.len() - 1].trim().trim_end_matches('/');
    let name_length = inner.find(char::is_whitespace).unwrap_or(inner.len());
    let (name, attributes) = (inner[..name_length].to_ascii_lowercase(), &inner[name_length..]);
    match name.as_str() {
        "sync" => {
            let start = attribute(attributes, "start").and_then(milliseconds);
            paragraphs.push(Paragraph { line, start, class: String::new(), text: String::new() });
        }
        "p" => {
            let class = attribute(attributes, "class").unwrap_or_default().to_ascii_lowercase();
            if let Some(last) = paragraphs.last_mut() {
                if is_blank(&last.text) && last.class.is_empty() {
                    last.class = class;
                } else {
                    let start = last.start;
                    paragraphs.push(Paragraph { line, start, class, text: String::new() });
                }
            }
        }
        "br" => paragraphs.iter_mut().last().into_iter().for_each(|last| last.text.push('\n')),
        "i" | "b" | "u" | "s" | "/i" | "/b" | "/u" | "/s" => {
            paragraphs.iter_mut().last().into_iter().for_each(|last| {
                last.text.push('<');
                last.text.push_str(&name);
                last.text.push('>');
            });
        }
        _ => {}
    }
}

/// `3000`, `3000ms`, `-20`; what is before the video is at its start.
fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.trim_start_matches('-');
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let value = digits[..length].parse().ok()?;
    Some(if digits.len() < text.len() { 0 } else { value })
}

/// An attribute's value, with or without quotes.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    attributes.split_whitespace().find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches(['"', '\'']))
    })
}

/// Text with white space as HTML has it and without entities.
fn push(paragraphs: &mut [Paragraph], raw: &str) {
    let Some(last) = paragraphs.last_mut() else { return };
    let decoded = htmlize::unescape(raw);
    let words = decoded.split(|character: char| character.is_ascii_whitespace() || character == '\u{A0}');
    let joined = words.collect::<Vec<_>>().join(" ");
    last.text.push_str(&Format::Srt.encoded(&joined).0);
}
