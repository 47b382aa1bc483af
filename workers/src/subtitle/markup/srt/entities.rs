//! HTML's character references in formats that have no escapes of their own: a text comes in, the characters that are
//! meant go out. Only those that end with `;` count, so that `AT&T` stays what it is. Pure.

use std::borrow::Cow;

/// The longest reference, in bytes.
const MAX_ENTITY_BYTES: usize = 34;

/// The characters that the reference at the start of a text stands for, and its length.
pub(super) fn at_start(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let rest = text.strip_prefix('&')?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let length = rest.bytes().take(MAX_ENTITY_BYTES).take_while(is_part).count();
    if length == 0 || rest.as_bytes().get(length) != Some(&b';') {
        return None;
    }
    let reference = &text[..length + 2];
    let meant = htmlize::unescape(reference);
    // What is no character of a text stays as it is.
    let is_text =
        meant != reference && !meant.chars().any(|character| character.is_control() || character == '\u{FEFF}');
    is_text.then_some((meant, length + 2))
}

/// The text with its references decoded, once.
pub(in crate::subtitle) fn decoded(text: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let mut start = 0;
    while let Some(at) = memchr::memchr(b'&', &text.as_bytes()[start..]).map(|at| at + start) {
        let mut next = at + 1;
        if let Some((meant, length)) = at_start(&text[at..]) {
            written.push_str(&text[start..at]);
            written.push_str(&meant);
            next = at + length;
        } else {
            written.push_str(&text[start..next]);
        }
        start = next;
    }
    if start == 0 { Cow::Borrowed(text) } else { Cow::Owned(written + &text[start..]) }
}
