//! A cursor that reads time stamps and arrows from the cleaned characters of a line. Pure.

use super::{Stamp, characters::ARROW};

/// The longest word or sign that may stand for an arrow.
const MAX_SEPARATOR: usize = 4;

/// A stamp as it stands on a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) stamp: Stamp,
    /// How many colons separate hours, minutes and seconds.
    pub(super) colons: usize,
    pub(super) has_fraction: bool,
    /// Whether only a space is in front of the milliseconds.
    pub(super) has_spaced_fraction: bool,
}

impl Clock {
    /// Whether nobody would say it for a time of the day: `0:01:02` or `01:02.5`.
    pub(super) const fn is_full(&self) -> bool {
        self.colons == 2 || (self.colons == 1 && self.has_fraction)
    }
}

/// What stands between two stamps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrow {
    /// Where it begins, among the cleaned characters.
    pub(super) start: usize,
    /// Whether it points somewhere.
    pub(super) has_head: bool,
    /// Whether it is `-->`, or a sign that Unicode calls an arrow.
    pub(super) is_long: bool,
}

/// Reads cleaned characters from left to right.
#[derive(Clone)]
pub(super) struct Cursor<'c> {
    characters: &'c [(char, usize)],
    pub(super) at: usize,
}

impl<'c> Cursor<'c> {
    pub(super) const fn new(characters: &'c [(char, usize)]) -> Self {
        Self { characters, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.characters.get(self.at).map(|(character, _)| *character)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.characters.len()
    }

    /// The place in the line; its length at its end.
    pub(super) fn offset(&self, line: &str) -> usize {
        self.characters.get(self.at).map_or(line.len(), |(_, offset)| *offset)
    }

    fn skip(&mut self, accepts: impl Fn(char) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&accepts) {
            self.at += 1;
        }
        self.at - start
    }

    pub(super) fn spaces(&mut self) -> usize {
        self.skip(|character| character == ' ')
    }

    /// A run of digits: its value and its length.
    fn number(&mut self) -> Option<(u64, usize)> {
        let start = self.at;
        let length = self.skip(|character| character.is_ascii_digit());
        let digits = &self.characters[start..self.at];
        let value = digits
            .iter()
            .try_fold(0_u64, |value, (digit, _)| value.checked_mul(10)?.checked_add(u64::from(digit.to_digit(10)?)));
        value.filter(|_| length > 0).map(|value| (value, length))
    }

    /// A number that may have spaces and a minus in front; without a number nothing is read.
    fn signed(&mut self) -> Option<(u64, usize, bool)> {
        let mut ahead = self.clone();
        ahead.spaces();
        let is_negative = ahead.skip(|character| character == '-') > 0;
        let (value, length) = ahead.number()?;
        *self = ahead;
        Some((value, length, is_negative))
    }

    /// One of `accepted`, with spaces in front and a number behind.
    fn separated(&mut self, accepted: &[char]) -> Option<(u64, usize, bool)> {
        let mut ahead = self.clone();
        ahead.spaces();
        if !(1..=2).contains(&ahead.skip(|character| accepted.contains(&character))) {
            return None;
        }
        let number = ahead.signed()?;
        *self = ahead;
        Some(number)
    }

    /// Reads one stamp: up to three numbers with `:` between them and a fraction behind `,` `.` `;` `'` or a third
    /// `:`. A minus in front of the first number holds for all of them, another one for its own: `00:00:37,-100` is 36.9 s.
    /// With `is_spaced`, three digits behind a space are a fraction too.
    pub(super) fn clock(&mut self, is_spaced: bool) -> Option<Clock> {
        let (first, _, is_negative) = self.signed()?;
        let signed = |value: u64, has_minus: bool| {
            let value = i64::try_from(value).ok()?;
            Some(if is_negative || has_minus { -value } else { value })
        };
        let mut seconds = signed(first, false)?;
        if first == 0 && self.peek() == Some('-') {
            // `0-1:58:22`, as a program writes it that pads negative hours.
            let mut ahead = self.clone();
            if let Some((value, ..)) = ahead.signed()
                && ahead.peek() == Some(':')
            {
                seconds = signed(value, true)?;
                *self = ahead;
            }
        }
        let mut colons = 0;
        let mut fraction = None;
        while let Some((value, length, has_minus)) = self.separated(&[':']) {
            if colons == 2 {
                fraction = Some((value, length, has_minus));
                break;
            }
            colons += 1;
            seconds = seconds.checked_mul(60)?.checked_add(signed(value, has_minus)?)?;
        }
        if fraction.is_none() {
            fraction = self.separated(&[',', '.', ';', '\'']);
        }
        let mut has_spaced_fraction = false;
        if is_spaced && fraction.is_none() && colons == 2 && self.peek() == Some(' ') {
            let mut ahead = self.clone();
            ahead.spaces();
            if let Some((value, 3)) = ahead.number()
                && ahead.peek().is_none_or(|next| !next.is_alphanumeric())
            {
                (fraction, has_spaced_fraction) = (Some((value, 3, false)), true);
                *self = ahead;
            }
        }
        let fraction_of = |(value, length, has_minus)| signed(milliseconds(value, length)?, has_minus);
        let milliseconds = seconds.checked_mul(1000)?.checked_add(fraction.map_or(Some(0), fraction_of)?)?;
        let stamp = Stamp { milliseconds: u64::try_from(milliseconds).unwrap_or(0), is_negative: milliseconds < 0 };
        Some(Clock { stamp, colons, has_fraction: fraction.is_some(), has_spaced_fraction })
    }

    /// Reads a word or sign of a few characters between two stamps: `<--`, `|`, `to`. Whether there is one.
    pub(super) fn separator(&mut self) -> bool {
        self.spaces();
        let length = self.skip(|character| character != ' ' && !character.is_ascii_digit());
        self.spaces();
        (1..=MAX_SEPARATOR).contains(&length)
    }

    /// Reads what points from one stamp to the next. Dashes behind its head are the minus of what follows.
    pub(super) fn arrow(&mut self) -> Option<Arrow> {
        self.spaces();
        let start = self.at;
        let mut shafts = 0_usize;
        let mut head = None;
        let mut is_sign = false;
        let mut last = self.at;
        while let Some(character) = self.peek() {
            match character {
                '-' | '=' | '~' | '_' => shafts += usize::from(head.is_none()),
                '>' | ARROW => {
                    is_sign |= character == ARROW;
                    head = Some(self.at + 1);
                }
                ' ' => {
                    self.at += 1;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
            last = self.at;
        }
        self.at = head.unwrap_or(last);
        let has_head = head.is_some();
        (self.at > start).then_some(Arrow { start, has_head, is_long: is_sign || (has_head && shafts > 1) })
    }
}

/// The milliseconds of a fraction's digits. Four digits with a zero in front are milliseconds that a program padded
/// to four: `40,0100` is 40.1 s.
fn milliseconds(value: u64, length: usize) -> Option<u64> {
    match length {
        1 => Some(value * 100),
        2 => Some(value * 10),
        3 => Some(value),
        4 if value < 1000 => Some(value),
        longer => Some(value / 10_u64.checked_pow(u32::try_from(longer - 3).ok()?)?),
    }
}
