//! SubRip's markup: a small HTML that no standard names, and the override blocks it borrowed from ASS. Pure.

use std::borrow::Cow;

use super::{Code, Kind, Style, Token};
use crate::subtitle::time::read_line;

/// The tags that players know; `<sighs>` is something somebody says.
const NAMES: [&str; 5] = ["i", "b", "u", "s", "font"];

/// The longest tag, in bytes: no text makes reading it take more than a linear time.
const LONGEST: usize = 512;

/// Word joiner: without width, and no player breaks a line at it.
const JOINER: char = '\u{2060}';

/// A tag as it stands in a text.
struct Tag<'a> {
    name: &'static str,
    is_end: bool,
    /// Name and attributes.
    inner: &'a str,
    /// Whether there are spaces where none belong, or capitals.
    is_misspelled: bool,
}

/// The tag at the start of a text and its length.
fn tag(text: &str) -> Option<(Tag<'_>, usize)> {
    // A tag does not go over a line's end: joining the lines would change what else is one.
    let end = text.bytes().take(LONGEST).position(|byte| matches!(byte, b'>' | b'\n'))?;
    if !text.starts_with('<') || text.as_bytes()[end] == b'\n' {
        return None;
    }
    let all = &text[1..end];
    let (is_end, inner) = match all.trim_start().strip_prefix('/') {
        Some(inner) => (true, inner.trim()),
        None => (false, all.trim()),
    };
    let name_length = inner.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(inner.len());
    let name = NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(&inner[..name_length]))?;
    let attributes = &inner[name_length..];
    if attributes.contains('<') || !(attributes.is_empty() || attributes.starts_with([' ', '='])) {
        return None;
    }
    let spelled = all.strip_prefix('/').unwrap_or(all);
    let is_misspelled = spelled != inner || !inner.starts_with(name) || (name != "font" && !attributes.is_empty());
    Some((Tag { name, is_end, inner, is_misspelled }, end + 1))
}

pub(super) fn segments<'a>(text: &'a str, push: &mut impl FnMut(Kind, &'a str)) {
    let (mut start, mut from) = (0, 0);
    while let Some(at) = text[from..].find(['<', '{', '\n']).map(|at| at + from) {
        let (kind, length) = match text.as_bytes()[at] {
            b'\n' => (Kind::Break, Some(1)),
            b'<' => (Kind::Tag, tag(&text[at..]).map(|(_, length)| length)),
            _ => (Kind::Tag, block(&text[at..])),
        };
        from = at + 1;
        if let Some(length) = length {
            push(Kind::Text, &text[start..at]);
            push(kind, &text[at..at + length]);
            start = at + length;
            from = start;
        }
    }
    push(Kind::Text, &text[start..]);
}

/// The length of `{\…}` at the start of a text.
fn block(text: &str) -> Option<usize> {
    let end = text.bytes().take(LONGEST).position(|byte| matches!(byte, b'}' | b'\n'))?;
    (text.starts_with("{\\") && text.as_bytes()[end] == b'}').then_some(end + 1)
}

/// Without escapes in the format, a sign that would begin a tag gets an invisible neighbour.
pub(super) fn encoded(text: &str) -> (Cow<'_, str>, bool) {
    let mut encoded = String::new();
    let mut start = 0;
    for (at, sign) in text.match_indices(['<', '{']) {
        if tag(&text[at..]).is_some() || text[at..].starts_with("{\\") {
            encoded.push_str(&text[start..at]);
            encoded.push_str(sign);
            encoded.push(JOINER);
            start = at + 1;
        }
    }
    let encoded = if start == 0 { Cow::Borrowed(text) } else { Cow::Owned(encoded + &text[start..]) };
    match without_times(&encoded) {
        Some(said) => (Cow::Owned(said), true),
        None => (encoded, start > 0),
    }
}

/// The text with an arrow bent where a line of it would be read as a time line, and so as a cue of its own. No tag
/// can stand before the arrow of such a line.
pub(in super::super) fn without_times(text: &str) -> Option<String> {
    let is_time = |line: &str| line.contains('>') && read_line(line).is_some();
    if !text.contains('>') || !text.split('\n').any(is_time) {
        return None;
    }
    let bent = |line: &str| {
        if is_time(line) { line.replacen('>', &format!("{JOINER}>"), 1) } else { line.to_owned() }
    };
    Some(text.split('\n').map(bent).collect::<Vec<_>>().join("\n"))
}

const fn style(name: &str) -> Option<Style> {
    match name.as_bytes() {
        b"i" => Some(Style::Italic),
        b"b" => Some(Style::Bold),
        b"u" => Some(Style::Underline),
        b"s" => Some(Style::Strike),
        _ => None,
    }
}

pub(super) fn meaning<'a>(raw: &'a str, tokens: &mut Vec<Token<'a>>) {
    if raw.starts_with('{') {
        super::ass::meaning(raw, tokens);
    } else if let Some((tag, _)) = tag(raw) {
        match (style(tag.name), tag.is_end) {
            (Some(style), false) => tokens.push(Token::On(style)),
            (Some(style), true) => tokens.push(Token::Off(style)),
            (None, false) => tokens.push(Token::Lost(Code::LostMarkup)),
            (None, true) => {}
        }
    }
}

/// The text with tags spelled, nested and closed as they should be; none where nothing was wrong.
pub(in super::super) fn repaired(text: &str) -> Option<String> {
    if !text.contains('<') || is_well_formed(text) {
        return None;
    }
    let mut written = String::with_capacity(text.len() + 8);
    let mut open: Vec<(&'static str, &str)> = Vec::new();
    // Opened when text comes, so that nothing is wrapped in tags for no text.
    let mut waiting: Vec<(&'static str, &str)> = Vec::new();
    segments(text, &mut |kind, raw| match (kind, tag(raw)) {
        (Kind::Tag, Some((tag, _))) if tag.is_end => {
            if let Some(at) = waiting.iter().rposition(|(name, _)| *name == tag.name) {
                waiting.remove(at);
            } else if let Some(at) = open.iter().rposition(|(name, _)| *name == tag.name) {
                let inner = open.split_off(at);
                inner.iter().rev().for_each(|(name, _)| close(&mut written, name));
                waiting.splice(0..0, inner.into_iter().skip(1));
            }
        }
        (Kind::Tag, Some((tag, _))) => waiting.push((tag.name, tag.inner)),
        (Kind::Text, _) if raw.is_empty() => {}
        (Kind::Text, _) => {
            for (name, inner) in waiting.drain(..) {
                written.push('<');
                written.push_str(name);
                written.push_str(if name == "font" { &inner[name.len()..] } else { "" });
                written.push('>');
                open.push((name, inner));
            }
            written.push_str(raw);
        }
        _ => written.push_str(raw),
    });
    open.iter().rev().for_each(|(name, _)| close(&mut written, name));
    Some(written)
}

fn close(written: &mut String, name: &str) {
    written.push_str("</");
    written.push_str(name);
    written.push('>');
}

fn is_well_formed(text: &str) -> bool {
    let mut open: Vec<&'static str> = Vec::new();
    let mut is_well_formed = true;
    segments(text, &mut |kind, raw| {
        if kind == Kind::Tag
            && raw.starts_with('<')
            && let Some((tag, _)) = tag(raw)
        {
            is_well_formed &= !tag.is_misspelled;
            if !tag.is_end {
                open.push(tag.name);
            } else if open.pop() != Some(tag.name) {
                is_well_formed = false;
            }
        }
    });
    is_well_formed && open.is_empty()
}
