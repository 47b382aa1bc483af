//! UTF-16 without a byte order mark: times, spaces and line ends are ASCII in every language, so that every other
//! byte of such a file is often zero and it has a line end. UTF-32, which no subtitle program writes but editors do. Pure.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Decodes bytes that must be UTF-16.
pub(super) fn decode(bytes: &[u8]) -> Option<(String, &'static str)> {
    if bytes.len() < 4 || memchr::memchr(0, bytes).is_none() {
        return None;
    }
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (high, low, units) = (zeros(0), zeros(1), bytes.len() / 2);
    let (encoding, is_line_end): (&'static Encoding, fn(&[u8]) -> bool) = match (high, low) {
        (high, low) if low * 8 > units && high * 20 < low => (UTF_16LE, |unit| matches!(unit, [b'\n' | b'\r', 0])),
        (high, low) if high * 8 > units && low * 20 < high => (UTF_16BE, |unit| matches!(unit, [0, b'\n' | b'\r'])),
        _ => return None,
    };
    if !bytes.chunks_exact(2).any(is_line_end) {
        return None;
    }
    // A download that was cut off may end within a character.
    let whole = &bytes[..bytes.len() / 2 * 2];
    let (text, is_malformed) = encoding.decode_without_bom_handling(whole);
    (!is_malformed && !super::plausible::is_binary(&text)).then(|| (text.into_owned(), encoding.name()))
}

/// Decodes UTF-32 with a byte order mark.
pub(super) fn utf32(bytes: &[u8]) -> Option<(String, &'static str)> {
    type Unit = fn([u8; 4]) -> u32;
    let (unit, name): (Unit, _) = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => (u32::from_le_bytes, "UTF-32LE"),
        [0, 0, 0xFE, 0xFF, ..] => (u32::from_be_bytes, "UTF-32BE"),
        _ => return None,
    };
    let (units, _) = bytes[4..].as_chunks::<4>();
    let text: Option<String> = units.iter().map(|bytes| char::from_u32(unit(*bytes))).collect();
    Some((text?, name))
}
