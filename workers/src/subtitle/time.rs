//! Time stamps as real files have them: a piece of a line comes in, milliseconds go out. Pure.

/// The arrows between start and end, the longest first.
const ARROWS: [&str; 4] = ["--->", "-->", "- >", "->"];

/// One time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Milliseconds; 0 for a negative one.
    pub(super) milliseconds: u64,
    pub(super) is_negative: bool,
}

/// What a time line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeLine<'a> {
    pub(super) start: Stamp,
    pub(super) end: Stamp,
    /// The number in front of the start, where there is one.
    pub(super) index: Option<&'a str>,
    /// What follows the end.
    pub(super) rest: &'a str,
    /// Whether it is spelled as SubRip has it.
    pub(super) is_regular: bool,
}

/// Reads `00:00:01,500 --> 00:00:04,000 X1:10` and its many relatives; none for a line of text.
pub(super) fn read_line(line: &str) -> Option<TimeLine<'_>> {
    if let Some(regular) = regular(line) {
        return Some(regular);
    }
    let line = line.trim();
    if !line.starts_with(|first: char| first.is_ascii_digit() || first == '-') || !line.contains('>') {
        return None;
    }
    let (arrow, (before, after)) = ARROWS.iter().find_map(|arrow| Some((*arrow, line.split_once(arrow)?)))?;
    let (before, after) = (before.trim(), after.trim());
    let (index, start) = match before.rsplit_once([' ', '\t']) {
        Some((index, start)) if start.contains([':', '：']) => (Some(index.trim()), start),
        Some(_) => return None,
        None => (None, before),
    };
    if index.is_some_and(|index| !is_index(index)) {
        return None;
    }
    let end_length = after.find([' ', '\t']).unwrap_or(after.len());
    let (end, rest) = (&after[..end_length], after[end_length..].trim());
    let has_colons = |text: &str| text.contains([':', '：']);
    // "10 -> 20" may be said; "20 --> 24" alone on a line is a time in seconds.
    let is_clock = has_colons(start) && has_colons(end);
    let is_alone = arrow == "-->" && rest.is_empty();
    if !is_clock && !is_alone {
        return None;
    }
    Some(TimeLine { start: read(start)?, end: read(end)?, index, rest, is_regular: false })
}

/// A cue's number as files have it: digits, with a sign, dots or zeros that do not belong there.
pub(super) fn is_index(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['-', '#']).trim_end_matches('.');
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// `HH:MM:SS,mmm --> HH:MM:SS,mmm` and nothing else, which is what nearly every line is.
fn regular(line: &str) -> Option<TimeLine<'_>> {
    let bytes: &[u8; 29] = line.as_bytes().try_into().ok()?;
    if &bytes[12..17] != b" --> " {
        return None;
    }
    let stamp = |milliseconds| Stamp { milliseconds, is_negative: false };
    let start = clock(&bytes[..12], b',')?;
    let end = clock(&bytes[17..], b',')?;
    Some(TimeLine { start: stamp(start), end: stamp(end), index: None, rest: "", is_regular: true })
}

/// Reads exactly `HH:MM:SS` + `point` + `mmm`.
pub(super) fn clock(bytes: &[u8], point: u8) -> Option<u64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2, dot, f1, f2, f3] = bytes else { return None };
    if dot != point {
        return None;
    }
    let digits = [h1, h2, m1, m2, s1, s2, f1, f2, f3];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |tens: u8, ones: u8| u64::from(tens - b'0') * 10 + u64::from(ones - b'0');
    Some(((two(h1, h2) * 60 + two(m1, m2)) * 60 + two(s1, s2)) * 1000 + two(f1, f2) * 10 + u64::from(f3 - b'0'))
}

/// Reads one time stamp: up to three numbers before the fraction, which has any number of digits after `,` `.` or
/// a third `:`. Full-width separators count.
pub(super) fn read(text: &str) -> Option<Stamp> {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if text.is_empty() || !text.chars().all(|character| character.is_ascii_digit() || ":,.：，．".contains(character))
    {
        return None;
    }
    let (whole, fraction) = match text.rsplit_once([',', '.', '，', '．']) {
        Some((whole, fraction)) => (whole, fraction),
        None if text.matches([':', '：']).count() == 3 => text.rsplit_once([':', '：'])?,
        None => (text, ""),
    };
    let mut seconds: u64 = 0;
    let mut parts = 0;
    for part in whole.split([':', '：']) {
        parts += 1;
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    if parts > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(*b"000").take(3);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let milliseconds = seconds.checked_mul(1000)?.checked_add(fraction)?;
    Some(Stamp { milliseconds: if is_negative { 0 } else { milliseconds }, is_negative })
}

/// Appends `HH:MM:SS` + `point` + `mmm`.
pub(super) fn write(text: &mut String, milliseconds: u64, point: char) {
    write_seconds(text, milliseconds / 1000, 2);
    text.push(point);
    digits(text, milliseconds % 1000, 3);
}

/// Appends `H:MM:SS`, the hours with at least `width` digits.
pub(super) fn write_seconds(text: &mut String, seconds: u64, width: usize) {
    digits(text, seconds / 3600, width);
    text.push(':');
    digits(text, seconds / 60 % 60, 2);
    text.push(':');
    digits(text, seconds % 60, 2);
}

/// Appends a number with at least `width` digits.
pub(super) fn digits(text: &mut String, number: u64, width: usize) {
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
