//! Time stamps as real files have them: a piece of a line comes in, milliseconds go out. Pure.

/// The arrows between start and end, the longest first.
const ARROWS: [&str; 4] = ["--->", "-->", "- >", "->"];

/// Reads `00:00:01,500 --> 00:00:04,000 X1:10` and its many relatives; what follows the end is ignored.
pub(super) fn read_line(line: &str) -> Option<(u64, u64)> {
    let (start, end) = ARROWS.iter().find_map(|arrow| line.split_once(arrow))?;
    let start = read(start.trim())?;
    let end = read(end.trim().split([' ', '\t']).next()?)?;
    Some((start, end.max(start)))
}

/// Reads one time stamp: up to three numbers before the fraction, which has 0 to 3 digits after `,` `.` or a
/// fourth `:`. Full-width separators count. A negative time becomes 0.
pub(super) fn read(text: &str) -> Option<u64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
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
    let parts: Vec<&str> = whole.split([':', '：']).collect();
    if parts.len() > 3 {
        return None;
    }
    for part in parts {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let milliseconds = seconds.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    Some(if negative { 0 } else { milliseconds })
}

/// Hours, minutes, seconds, milliseconds.
pub(super) fn parts(milliseconds: u64) -> (u64, u64, u64, u64) {
    (milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1000 % 60, milliseconds % 1000)
}
