//! WebVTT, by the parsing algorithm of the standard (W3C, <https://www.w3.org/TR/webvtt1/>, section 6). Pure.

mod read;
mod timing;
mod write;

use std::borrow::Cow;

pub(super) use read::{has_signature, read};
pub(super) use write::{refill, write};

/// The standard's preprocessing: NUL becomes U+FFFD, every line ends with LF.
fn unified(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\r', 0, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}"))
}
