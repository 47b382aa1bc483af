//! ASS text: override blocks, comments, drawings, karaoke, escapes (as libass reads them). Pure.

use std::borrow::Cow;

use super::token::{Kind, Style, Token};
use crate::subtitle::warning::Code;

pub(super) fn segments<'a>(text: &'a str, push: &mut impl FnMut(Kind, &'a str)) {
    let mut is_drawing = false;
    let (mut start, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while let Some(found) = memchr::memchr2(b'\\', b'{', &bytes[at..]) {
        at += found;
        let kind = if is_drawing { Kind::Drawing } else { Kind::Text };
        if bytes[at] == b'{' {
            // A block that is not closed is text, as in libass.
            let Some(length) = text[at..].find('}').map(|end| end + 1) else { break };
            push(kind, &text[start..at]);
            push(Kind::Tag, &text[at..at + length]);
            is_drawing = draws(&text[at + 1..at + length - 1]).unwrap_or(is_drawing);
            at += length;
            start = at;
        } else if !is_drawing && matches!(bytes.get(at + 1), Some(b'N' | b'n')) {
            push(kind, &text[start..at]);
            push(Kind::Break, &text[at..at + 2]);
            at += 2;
            start = at;
        } else {
            // An escaped brace begins no block; every other backslash is just one.
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'{' | b'}')));
        }
    }
    push(if is_drawing { Kind::Drawing } else { Kind::Text }, &text[start..]);
}

/// Whether a block turns drawing on or off.
fn draws(block: &str) -> Option<bool> {
    let mut draws = None;
    for tag in overrides(block) {
        if let Some(scale) = tag.strip_prefix('p').and_then(|scale| scale.trim().parse::<i64>().ok()) {
            draws = Some(scale > 0);
        }
    }
    draws
}

/// The override tags of a block, without their backslash; those inside `\t(…)` belong to it.
fn overrides(block: &str) -> impl Iterator<Item = &str> {
    let mut rest = block;
    std::iter::from_fn(move || {
        let start = rest.find('\\')? + 1;
        let mut depth = 0_usize;
        let end = rest[start..].find(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            character == '\\' && depth == 0
        });
        let end = end.map_or(rest.len(), |length| start + length);
        let tag = &rest[start..end];
        rest = &rest[end..];
        Some(tag.trim())
    })
}

pub(super) fn decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\\h", "\u{A0}").replace("\\{", "{").replace("\\}", "}"))
}

/// Braces are escaped; a backslash that would begin an escape is kept apart by an invisible joiner.
pub(super) fn encoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['{', '}', '\\', '\u{A0}', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '{' => encoded.push_str("\\{"),
            '}' => encoded.push_str("\\}"),
            '\\' => encoded.push_str("\\\u{2060}"),
            '\u{A0}' => encoded.push_str("\\h"),
            '\n' => encoded.push_str("\\N"),
            '\r' => {}
            _ => encoded.push(character),
        }
    }
    Cow::Owned(encoded)
}

pub(super) fn meaning<'a>(raw: &'a str, tokens: &mut Vec<Token<'a>>) {
    let block = raw.trim_start_matches('{').trim_end_matches('}');
    if !block.contains('\\') {
        tokens.push(Token::Lost(Code::LostMetadata));
    }
    tokens.extend(overrides(block).filter(|tag| !tag.is_empty()).map(token));
}

fn token<'a>(tag: &str) -> Token<'a> {
    let number = |name: &str| {
        let rest = tag.strip_prefix(name)?.trim();
        if rest.is_empty() { Some(-1) } else { rest.parse::<i32>().ok() }
    };
    let styles = [("i", Style::Italic), ("b", Style::Bold), ("u", Style::Underline), ("s", Style::Strike)];
    for (name, style) in styles {
        if let Some(value) = number(name) {
            // Bold also comes as a weight; without a number it is what the line's style says.
            return if value == 1 || value >= 600 { Token::On(style) } else { Token::Off(style) };
        }
    }
    if let Some(place) = number("an").and_then(|place| u8::try_from(place).ok()).filter(|place| (1..=9).contains(place))
    {
        return Token::Position(place);
    }
    if let Some(place) = number("a").and_then(legacy_alignment) {
        return Token::Position(place);
    }
    if tag.starts_with('r') {
        return Token::Reset;
    }
    if tag.starts_with(['k', 'K']) {
        return Token::Lost(Code::LostKaraoke);
    }
    let is_place = ["pos", "move", "org"].iter().any(|name| tag.starts_with(name));
    Token::Lost(if is_place { Code::LostPosition } else { Code::LostMarkup })
}

/// The number pad's places of `\a`, SubStation Alpha's own count.
fn legacy_alignment(number: i32) -> Option<u8> {
    Some(match number {
        1..=3 => u8::try_from(number).ok()?,
        5..=7 => u8::try_from(number + 2).ok()?,
        9..=11 => u8::try_from(number - 5).ok()?,
        _ => return None,
    })
}
