//! WebVTT cue text, by the tokenizer of the standard (W3C WebVTT 1, section 6.4), but for a `<` that begins no tag:
//! the standard throws away what follows it, here it is a character, because people see it in their files. Pure.

use std::borrow::Cow;

use super::token::{Kind, Style, Token};
use crate::subtitle::warning::Code;

/// The length of the tag at the start of a text. Whatever its state, a tag ends at the first `>`; one that has another
/// `<` or a line end in it was not meant as one.
fn tag(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('<')?;
    let begins = |first: &u8| first.is_ascii_alphanumeric() || matches!(first, b'/' | b'.' | b'>');
    rest.as_bytes().first().filter(|first| begins(first))?;
    let end = memchr::memchr3(b'>', b'<', b'\n', rest.as_bytes())?;
    (rest.as_bytes()[end] == b'>').then_some(end + 2)
}

fn name(raw: &str) -> &str {
    raw.trim_matches(['<', '>', '/', ' '])
}

fn is_break(raw: &str) -> bool {
    name(raw).eq_ignore_ascii_case("br")
}

pub(super) fn segments<'a>(text: &'a str, push: &mut impl FnMut(Kind, &'a str)) {
    let (mut start, mut from) = (0, 0);
    while let Some(at) = memchr::memchr2(b'<', b'\n', &text.as_bytes()[from..]).map(|at| at + from) {
        let length = if text.as_bytes()[at] == b'\n' { Some(1) } else { tag(&text[at..]) };
        from = at + 1;
        if let Some(length) = length {
            let raw = &text[at..at + length];
            push(Kind::Text, &text[start..at]);
            push(if raw == "\n" || is_break(raw) { Kind::Break } else { Kind::Tag }, raw);
            start = at + length;
            from = start;
        }
    }
    push(Kind::Text, &text[start..]);
}

/// The text of a cue as the standard has it, and whether a `<` had to be escaped for that: HTML's own line ends and
/// styles become WebVTT's. `None` where it was.
pub(in crate::subtitle) fn webvtt_repaired(text: &str) -> Option<(String, bool)> {
    memchr::memchr(b'<', text.as_bytes())?;
    let mut written = String::with_capacity(text.len() + 8);
    let (mut is_repaired, mut is_escaped) = (false, false);
    segments(text, &mut |kind, raw| match kind {
        Kind::Text if raw.contains('<') => {
            is_escaped = true;
            written.push_str(&raw.replace('<', "&lt;"));
        }
        Kind::Break => {
            is_repaired |= raw != "\n";
            if !written.is_empty() && !written.ends_with('\n') {
                written.push('\n');
            }
        }
        Kind::Tag => {
            let instead = match (name(raw), raw.starts_with("</")) {
                ("em", false) => "<i>",
                ("em", true) => "</i>",
                ("strong", false) => "<b>",
                ("strong", true) => "</b>",
                _ => raw,
            };
            is_repaired |= instead != raw;
            written.push_str(instead);
        }
        _ => written.push_str(raw),
    });
    (is_repaired || is_escaped).then_some((written, is_escaped))
}

/// Character references as HTML has them; the standard refers to its whole table.
pub(super) fn decoded(raw: &str) -> Cow<'_, str> {
    if raw.contains('&') { htmlize::unescape(raw) } else { Cow::Borrowed(raw) }
}

pub(super) fn encoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '\u{A0}', '\u{200E}', '\u{200F}']) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => encoded.push_str("&amp;"),
            '<' => encoded.push_str("&lt;"),
            '>' => encoded.push_str("&gt;"),
            '\u{A0}' => encoded.push_str("&nbsp;"),
            '\u{200E}' => encoded.push_str("&lrm;"),
            '\u{200F}' => encoded.push_str("&rlm;"),
            _ => encoded.push(character),
        }
    }
    Cow::Owned(encoded)
}

pub(super) fn meaning<'a>(raw: &'a str, tokens: &mut Vec<Token<'a>>) {
    let inner = raw[1..].strip_suffix('>').unwrap_or(&raw[1..]);
    let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    // An end tag's name is everything up to the `>`; a start tag's ends at a class or an annotation.
    let name = if is_end { inner } else { inner.split(['.', ' ', '\t', '\n', '\u{C}']).next().unwrap_or_default() };
    let has_class = !is_end && inner[name.len()..].starts_with('.');
    let style = match name {
        "i" | "em" => Some(Style::Italic),
        "b" | "strong" => Some(Style::Bold),
        "u" => Some(Style::Underline),
        _ => None,
    };
    tokens.extend(style.map(|style| if is_end { Token::Off(style) } else { Token::On(style) }));
    let lost = match name {
        _ if is_end => None,
        "v" => Some(Code::LostVoice),
        "c" | "lang" | "ruby" | "rt" => Some(Code::LostMarkup),
        _ if name.starts_with(|first: char| first.is_ascii_digit()) => Some(Code::LostKaraoke),
        _ if has_class => Some(Code::LostMarkup),
        _ => None,
    };
    tokens.extend(lost.map(Token::Lost));
}

/// Whether a tag only says when a word shows, or that it does: `<00:00:01.000>`, and `<c>` without a class.
fn is_word_time(raw: &str) -> bool {
    let inner = name(raw);
    inner == "c"
        || (inner.contains(':') && inner.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')))
}

/// The text without the times of its words and the classless `<c>` around them.
pub(super) fn without_word_times(text: &str) -> Cow<'_, str> {
    let mut has_times = false;
    segments(text, &mut |kind, raw| has_times |= kind == Kind::Tag && raw.contains(':') && is_word_time(raw));
    if !has_times {
        return Cow::Borrowed(text);
    }
    let has_classes = text.contains("<c.");
    let mut written = String::with_capacity(text.len());
    segments(text, &mut |kind, raw| {
        let is_left_out = kind == Kind::Tag && is_word_time(raw) && !(has_classes && name(raw) == "c");
        if !is_left_out {
            written.push_str(raw);
        }
    });
    Cow::Owned(written)
}
