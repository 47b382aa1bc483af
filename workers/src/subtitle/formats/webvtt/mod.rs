//! WebVTT. `read` follows the parsing algorithm of the standard (W3C, <https://www.w3.org/TR/webvtt1/>, section 6);
//! `tolerant` is in front of it and repairs what the standard drops though its meaning is clear. Pure.

mod read;
mod repair;
mod timing;
mod tolerant;
mod write;

use std::borrow::Cow;

pub(in crate::subtitle) use read::has_signature;
#[cfg(test)]
pub(in crate::subtitle) use read::read;
pub(in crate::subtitle) use tolerant::read_tolerantly;
pub(in crate::subtitle) use write::{refill, write};

/// The standard's preprocessing: NUL becomes U+FFFD, every line ends with LF.
fn unified(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\r', 0, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}"))
}
