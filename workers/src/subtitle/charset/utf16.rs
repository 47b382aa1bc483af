//! UTF-16 without a byte order mark: times, spaces and line ends are ASCII in every language, so that every other
//! byte of such a file is often zero and it has a line end.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Decodes bytes that must be UTF-16.
pub(super) fn decode(bytes: &[u8]) -> Option<(String, &'static str)> {
    if bytes.len() < 4 || memchr::memchr(0, bytes).is_none() {
        return None;
    }
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (high, low, units) = (zeros(0), zeros(1), bytes.len() / 2);
    let (encoding, line_end): (&'static Encoding, [u8; 2]) = match (high, low) {
        (high, low) if low * 5 > units && high * 20 < low => (UTF_16LE, [b'\n', 0]),
        (high, low) if high * 5 > units && low * 20 < high => (UTF_16BE, [0, b'\n']),
        _ => return None,
    };
    if !bytes.chunks_exact(2).any(|unit| unit == line_end) {
        return None;
    }
    // A download that was cut off may end within a character.
    let whole = &bytes[..bytes.len() / 2 * 2];
    let (text, is_malformed) = encoding.decode_without_bom_handling(whole);
    (!is_malformed && !super::is_binary(&text)).then(|| (text.into_owned(), encoding.name()))
}
