//! SubRip's markup: a small HTML that no standard names, and the override blocks it borrowed from ASS. A text comes
//! in, its segments and their meaning go out. Pure.

use std::borrow::Cow;

use super::{
    entities,
    html::{self, MAX_TAG_BYTES, bracketed},
};
use crate::subtitle::{
    line::is_structure,
    markup::{
        ass,
        token::{Kind, Style, Token},
    },
    time,
    warning::Code,
};

/// The tags that players know; `<sighs>` is something somebody says.
const NAMES: [&str; 5] = ["i", "b", "u", "s", "font"];

/// Word joiner: without width, and no player breaks a line at it.
const JOINER: char = '\u{2060}';

/// A tag as it stands in a text.
pub(in crate::subtitle) struct Tag<'a> {
    pub(in crate::subtitle) name: &'static str,
    pub(in crate::subtitle) is_end: bool,
    /// Name and attributes.
    pub(in crate::subtitle) inner: &'a str,
    /// Whether there are spaces where none belong, or capitals.
    pub(in crate::subtitle) is_misspelled: bool,
}

/// The tag at the start of a text and its length.
pub(in crate::subtitle) fn tag(text: &str) -> Option<(Tag<'_>, usize)> {
    let all = bracketed(text)?;
    let (is_end, inner) = match all.trim_start().strip_prefix('/') {
        Some(inner) => (true, inner.trim()),
        None => (false, all.trim()),
    };
    let name_length = inner.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(inner.len());
    let name = NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(&inner[..name_length]))?;
    let attributes = &inner[name_length..];
    if !(attributes.is_empty() || attributes.starts_with([' ', '='])) {
        return None;
    }
    let spelled = all.strip_prefix('/').unwrap_or(all);
    let is_misspelled = spelled != inner || !inner.starts_with(name) || (name != "font" && !attributes.is_empty());
    Some((Tag { name, is_end, inner, is_misspelled }, all.len() + 2))
}

pub(in crate::subtitle) fn segments<'a>(text: &'a str, push: &mut impl FnMut(Kind, &'a str)) {
    let (mut start, mut from) = (0, 0);
    while let Some(at) = memchr::memchr3(b'<', b'{', b'\n', &text.as_bytes()[from..]).map(|at| at + from) {
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
    let rest = text.strip_prefix("{\\")?;
    let end = memchr::memchr3(b'}', b'{', b'\n', &rest.as_bytes()[..rest.len().min(MAX_TAG_BYTES)])?;
    (rest.as_bytes()[end] == b'}').then_some(end + 3)
}

/// Without escapes in the format, a sign that would begin a tag gets an invisible neighbour; entities have one.
pub(in crate::subtitle) fn encoded(text: &str) -> (Cow<'_, str>, bool) {
    let mut encoded = String::new();
    let mut start = 0;
    let mut is_altered = false;
    for (at, sign) in text.match_indices(['<', '{', '&']) {
        let rest = &text[at..];
        let shield = match sign {
            "&" if entities::at_start(rest).is_some() => "amp;",
            "&" => continue,
            _ if tag(rest).is_some() || rest.starts_with("{\\") || html::at_start(rest).is_some() => {
                is_altered = true;
                "\u{2060}"
            }
            _ => continue,
        };
        encoded.push_str(&text[start..=at]);
        encoded.push_str(shield);
        start = at + 1;
    }
    let encoded = if start == 0 { Cow::Borrowed(text) } else { Cow::Owned(encoded + &text[start..]) };
    match without_structure(&encoded) {
        Some(text) => (Cow::Owned(text), true),
        None => (encoded, is_altered),
    }
}

/// The text with an invisible joiner in each line that a reader would take for a time line, and so for a cue of its
/// own, or for the head of a file. `None` where there is no such line.
pub(in crate::subtitle) fn without_structure(text: &str) -> Option<String> {
    let mut written: Option<String> = None;
    for (at, line) in text.split('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, line))
    }) {
        let shielded = if is_structure(line.trim_start()) {
            Some(format!("{JOINER}{line}"))
        } else {
            time::without_arrow(line, JOINER)
        };
        match (shielded, &mut written) {
            (Some(shielded), written) => {
                let written = written.get_or_insert_with(|| text[..at.saturating_sub(1)].to_owned());
                if at > 0 {
                    written.push('\n');
                }
                written.push_str(&shielded);
            }
            (None, Some(written)) => {
                if at > 0 {
                    written.push('\n');
                }
                written.push_str(line);
            }
            (None, None) => {}
        }
    }
    written
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

pub(in crate::subtitle) fn meaning<'a>(raw: &'a str, tokens: &mut Vec<Token<'a>>) {
    if raw.starts_with('{') {
        ass::meaning(raw, tokens);
    } else if let Some((tag, _)) = tag(raw) {
        match (style(tag.name), tag.is_end) {
            (Some(style), false) => tokens.push(Token::On(style)),
            (Some(style), true) => tokens.push(Token::Off(style)),
            (None, false) => tokens.push(Token::Lost(Code::LostMarkup)),
            (None, true) => {}
        }
    }
}
