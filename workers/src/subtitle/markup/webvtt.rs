//! WebVTT cue text, by the tokenizer of the standard (W3C WebVTT 1, section 6.4). Whatever its state, a tag ends
//! at the first `>` or with the text, so that a segment needs no more than its name. Pure.

use std::borrow::Cow;

use super::{Code, Kind, Style, Token};

pub(super) fn segments<'a>(text: &'a str, push: &mut impl FnMut(Kind, &'a str)) {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '\n']) {
        push(Kind::Text, &rest[..at]);
        let (kind, length) = if rest.as_bytes()[at] == b'\n' {
            (Kind::Break, 1)
        } else {
            (Kind::Tag, rest[at..].find('>').map_or(rest.len() - at, |end| end + 1))
        };
        push(kind, &rest[at..at + length]);
        rest = &rest[at + length..];
    }
    push(Kind::Text, rest);
}

/// Whether a tag swallows the end of the text.
pub(in super::super) fn has_unclosed_tag(text: &str) -> bool {
    text.rfind('<') > text.rfind('>')
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
        "i" => Some(Style::Italic),
        "b" => Some(Style::Bold),
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
