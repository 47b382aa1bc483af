//! One time stamp, and its commonest spelling. Pure.

/// One time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::subtitle) struct Stamp {
    /// Milliseconds; 0 for a negative stamp.
    pub(in crate::subtitle) milliseconds: u64,
    pub(in crate::subtitle) is_negative: bool,
}

/// Reads exactly `HH:MM:SS` + `point` + `mmm`, as milliseconds.
pub(in crate::subtitle) fn clock(bytes: &[u8], point: u8) -> Option<u64> {
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
