//! Time stamps: text comes in, milliseconds go out, and the other way round. [`line`] reads whole time lines,
//! [`scan`] single stamps. Pure.

mod characters;
mod line;
mod number;
mod scan;
mod shield;
mod spoken;
mod stamp;

pub(in crate::subtitle) use line::{Line, TimeLine, classify, is_settings};
pub(in crate::subtitle) use number::{is_bare_word, is_cue_number, is_index};
pub(in crate::subtitle) use shield::without_arrow;
pub use spoken::holds_time_line;
pub(in crate::subtitle) use stamp::{Stamp, clock};

/// Reads a piece of text that is one time stamp and nothing else, in any spelling that time lines may have.
pub(in crate::subtitle) fn read(text: &str) -> Option<Stamp> {
    let cleaned = characters::clean(text.trim());
    let mut cursor = scan::Cursor::new(&cleaned);
    let clock = cursor.clock(false)?;
    cursor.is_at_end().then_some(clock.stamp)
}

/// Appends `HH:MM:SS` + `point` + `mmm`.
pub(in crate::subtitle) fn write(text: &mut String, milliseconds: u64, point: char) {
    write_seconds(text, milliseconds / 1000, 2);
    text.push(point);
    digits(text, milliseconds % 1000, 3);
}

/// Appends `H:MM:SS`, the hours with at least `width` digits.
pub(in crate::subtitle) fn write_seconds(text: &mut String, seconds: u64, width: usize) {
    digits(text, seconds / 3600, width);
    text.push(':');
    digits(text, seconds / 60 % 60, 2);
    text.push(':');
    digits(text, seconds % 60, 2);
}

/// Appends a number with at least `width` digits.
pub(in crate::subtitle) fn digits(text: &mut String, number: u64, width: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    let mut rest = number;
    while rest > 0 || buffer.len() - at < width {
        at -= 1;
        // The remainder of 10 fits.
        buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    text.extend(buffer[at..].iter().map(|&digit| char::from(digit)));
}
