//! Escapes cue text that parsers would mistake for a timing line, by inserting an invisible joiner into its arrow. Pure.

use super::{
    characters::clean,
    line::{Line, classify},
};

/// The line with an invisible joiner in each arrow, so that no parser takes it for a timing line; `None` if the line is
/// already safe inside a cue.
pub(in crate::subtitle) fn without_arrow(line: &str, joiner: char) -> Option<String> {
    let is_text = |line: &str| match classify(line) {
        Line::Text | Line::Sentence => true,
        Line::Time(times) => times.is_weak,
        Line::Unreadable => false,
    };
    if is_text(line) {
        return None;
    }
    let bent = bent(line, joiner, |before, sign| {
        sign == '→' || (sign == '>' && (is_shaft(before) || before.is_ascii_digit()))
    });
    if is_text(&bent) {
        return Some(bent);
    }
    // Two timestamps separated only by dashes.
    Some(self::bent(&bent, joiner, |_, sign| is_shaft(sign)))
}

const fn is_shaft(sign: char) -> bool {
    matches!(sign, '-' | '=' | '~' | '_')
}

/// Inserts the joiner before each character for which `is_meant(previous, character)`; spaces do not count as previous.
fn bent(line: &str, joiner: char, is_meant: impl Fn(char, char) -> bool) -> String {
    let mut written = String::with_capacity(line.len() + 8);
    let (mut before, mut copied) = (' ', 0);
    for (sign, at) in clean(line) {
        if is_meant(before, sign) {
            written.push_str(&line[copied..at]);
            written.push(joiner);
            copied = at;
        }
        before = if sign == ' ' { before } else { sign };
    }
    written.push_str(&line[copied..]);
    written
}
