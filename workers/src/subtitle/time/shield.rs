//! A line of text that would be read as a time line comes in, the same with an invisible joiner in its arrow goes out.
//! Pure.

use super::{
    characters::clean,
    line::{Line, classify},
};

/// The line with an invisible joiner in each arrow, so that no reader takes it for times; `None` where it is text inside
/// a cue anyway.
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
    // Two clocks with nothing but dashes between them.
    Some(self::bent(&bent, joiner, |_, sign| is_shaft(sign)))
}

const fn is_shaft(sign: char) -> bool {
    matches!(sign, '-' | '=' | '~' | '_')
}

/// The line with a joiner in front of the signs that are meant, by the sign before and the sign itself.
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
