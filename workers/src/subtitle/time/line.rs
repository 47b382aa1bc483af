//! Time lines as real files have them: a line comes in, and whether it is a time line, a broken one or text goes out.
//! The rule: two things that look like a clock with something between them that looks like an arrow. Pure.

use super::{
    Stamp,
    characters::{clean, has_digit, is_invisible},
    scan::{Arrow, Clock, Cursor},
    spoken::holds_time_line,
};

/// What a time line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::subtitle) struct TimeLine<'a> {
    pub(in crate::subtitle) start: Stamp,
    pub(in crate::subtitle) end: Stamp,
    /// The number in front of the start, where there is one.
    pub(in crate::subtitle) index: Option<&'a str>,
    /// What follows the end, trimmed.
    pub(in crate::subtitle) rest: &'a str,
    /// Whether it is spelled as SubRip has it.
    pub(in crate::subtitle) is_regular: bool,
    /// Whether somebody might say it (`12:30 -> 14:00`): it only counts at the start of a block.
    pub(in crate::subtitle) is_weak: bool,
    /// Whether an arrow stands between the times, which WebVTT cannot do without.
    pub(in crate::subtitle) has_arrow: bool,
}

/// What a line is, by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::subtitle) enum Line<'a> {
    Time(TimeLine<'a>),
    /// Clearly meant as a time line, but its times cannot be read.
    Unreadable,
    /// Words with times in them: the same at the start of a block, and text inside one.
    Sentence,
    Text,
}

/// Tells what a line is.
pub(in crate::subtitle) fn classify(line: &str) -> Line<'_> {
    if let Some(regular) = regular(line) {
        return Line::Time(regular);
    }
    // The joiner that keeps a line from being read as structure stands in front of its words.
    let skipped = |character: &char| character.is_whitespace() || is_invisible(*character) || *character == '\u{2060}';
    let Some(first) = line.chars().find(|character| !skipped(character)) else { return Line::Text };
    if first.is_alphabetic() {
        // A sentence, unless there are times in it that nobody says.
        return match line.trim() {
            line if holds_time_line(line) => Line::Sentence,
            line if line.contains('>') && has_digit(line) && is_word_for_a_clock(&clean(line)) => Line::Unreadable,
            _ => Line::Text,
        };
    }
    if !has_digit(line) || !may_be_times(line) {
        return Line::Text;
    }
    let line = line.trim();
    let cleaned = clean(line);
    match time_line(line, &cleaned) {
        Some(times) => Line::Time(times),
        None if is_broken(&cleaned) => Line::Unreadable,
        None if has_numbers_around_arrow(&cleaned) => Line::Sentence,
        None => Line::Text,
    }
}

/// Whether a line may have an arrow, or two clocks of three numbers each.
fn may_be_times(line: &str) -> bool {
    let is_arrow = |byte| matches!(byte, b'>' | b'-' | b'=' | b'~' | b'_' | b'&') || byte >= 0xC2;
    line.bytes().any(is_arrow) || memchr::memchr_iter(b':', line.as_bytes()).count() >= 4
}

/// `HH:MM:SS,mmm --> HH:MM:SS,mmm` and nothing else, which is what nearly every time line is.
fn regular(line: &str) -> Option<TimeLine<'_>> {
    let bytes: &[u8; 29] = line.as_bytes().try_into().ok()?;
    if &bytes[12..17] != b" --> " {
        return None;
    }
    let stamp = |milliseconds| Stamp { milliseconds, is_negative: false };
    let start = super::clock(&bytes[..12], b',')?;
    let end = super::clock(&bytes[17..], b',')?;
    Some(TimeLine {
        start: stamp(start),
        end: stamp(end),
        index: None,
        rest: "",
        is_regular: true,
        is_weak: false,
        has_arrow: true,
    })
}

fn time_line<'a>(line: &'a str, cleaned: &[(char, usize)]) -> Option<TimeLine<'a>> {
    let mut cursor = Cursor::new(cleaned);
    cursor.spaces();
    if let Some(times) = times(line, &cursor, None) {
        return Some(times);
    }
    // "7 00:00:01,500 --> 00:00:04,000"
    let start = cursor.offset(line);
    while cursor.peek().is_some_and(|character| character != ' ') {
        cursor.at += 1;
    }
    let index = line.get(start..cursor.offset(line)).filter(|index| super::number::is_index(index))?;
    cursor.spaces();
    times(line, &cursor, Some(index.trim()))
}

/// Reads start, arrow, end and what follows.
fn times<'a>(line: &'a str, cursor: &Cursor<'_>, index: Option<&'a str>) -> Option<TimeLine<'a>> {
    let mut cursor = cursor.clone();
    let start = cursor.clock(true)?;
    let Some(arrow) = cursor.arrow() else { return exact_times(line, &start, cursor, index) };
    let end = cursor.clock(start.has_spaced_fraction)?;
    let rest = line[cursor.offset(line)..].trim();
    // "1 - 00:00:01,000 --> 00:00:02,000": what was read is not all.
    if cursor.arrow().is_some_and(|arrow| arrow.has_head) {
        return None;
    }
    let is_strong = is_strong(&start, &arrow, &end);
    let is_read = is_strong || is_weak(&start, &arrow, &end, rest);
    is_read.then_some(TimeLine {
        start: start.stamp,
        end: end.stamp,
        index,
        rest,
        is_regular: false,
        is_weak: !is_strong,
        has_arrow: true,
    })
}

/// Two stamps with milliseconds are times at the start of a block, whatever word or sign is between them.
fn exact_times<'a>(
    line: &'a str,
    start: &Clock,
    mut cursor: Cursor<'_>,
    index: Option<&'a str>,
) -> Option<TimeLine<'a>> {
    let is_exact = |clock: &Clock| clock.colons == 2 && clock.has_fraction;
    let end = if is_exact(start) && cursor.separator() { cursor.clock(false) } else { None }?;
    let rest = line[cursor.offset(line)..].trim();
    let is_read = is_exact(&end) && rest.is_empty();
    is_read.then_some(TimeLine {
        start: start.stamp,
        end: end.stamp,
        index,
        rest,
        is_regular: false,
        is_weak: true,
        has_arrow: false,
    })
}

/// Nobody says `0:00:01 --> 0:00:02`, nor milliseconds with a dash between.
const fn is_strong(start: &Clock, arrow: &Arrow, end: &Clock) -> bool {
    let is_exact = start.has_fraction && end.has_fraction;
    start.is_full()
        && end.is_full()
        && (arrow.is_long || start.has_fraction || end.has_fraction)
        && (arrow.has_head || is_exact)
}

/// `12:30 -> 14:00` may be a time line with nothing else in its block's first line; `20 --> 24` too, in seconds.
fn is_weak(start: &Clock, arrow: &Arrow, end: &Clock, rest: &str) -> bool {
    let colons = start.colons.min(end.colons);
    let may_be = if arrow.has_head { colons > 0 || (arrow.is_long && rest.is_empty()) } else { colons == 2 };
    may_be && (rest.is_empty() || is_settings(rest))
}

/// Whether one word stands where the first of two clocks should: `xx:xx --> 00:00:02,000`.
fn is_word_for_a_clock(cleaned: &[(char, usize)]) -> bool {
    let mut cursor = Cursor::new(cleaned);
    while cursor.peek().is_some_and(|character| character != ' ') {
        cursor.at += 1;
    }
    cursor.arrow().is_some_and(|arrow| arrow.is_long) && cursor.clock(true).is_some_and(|clock| clock.is_full())
}

/// Whether a long arrow has a full clock on one side at least.
fn is_broken(cleaned: &[(char, usize)]) -> bool {
    let mut cursor = Cursor::new(cleaned);
    cursor.spaces();
    let mut from_start = cursor.clone();
    if from_start.clock(true).is_some_and(|clock| clock.is_full())
        && from_start.arrow().is_some_and(|arrow| arrow.is_long)
    {
        return true;
    }
    while !cursor.is_at_end() {
        match cursor.arrow() {
            Some(arrow) if arrow.is_long => {
                return cursor.clock(true).is_some_and(|clock| clock.is_full());
            }
            Some(_) => {}
            None => cursor.at += 1,
        }
    }
    false
}

/// Whether a long arrow has a number on both sides: `00h01m --> 00h02m`.
fn has_numbers_around_arrow(cleaned: &[(char, usize)]) -> bool {
    let has_number = |side: &[(char, usize)]| side.iter().any(|(character, _)| character.is_ascii_digit());
    let mut cursor = Cursor::new(cleaned);
    while !cursor.is_at_end() {
        match cursor.arrow() {
            Some(arrow) if arrow.is_long => {
                return has_number(&cleaned[..arrow.start]) && has_number(&cleaned[cursor.at..]);
            }
            Some(_) => {}
            None => cursor.at += 1,
        }
    }
    false
}

/// Whether the text behind the times says where the cue stands (`X1:10 Y1:20`, `align:start line:0`), not words.
pub(in crate::subtitle) fn is_settings(rest: &str) -> bool {
    let is_setting = |word: &str| {
        word.split_once(':').is_some_and(|(name, value)| {
            let is_name = name.len() <= 12 && name.starts_with(|first: char| first.is_ascii_alphabetic());
            let is_value = |byte: u8| byte.is_ascii_alphanumeric() || b"%.,-_".contains(&byte);
            is_name
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && !value.is_empty()
                && value.bytes().all(is_value)
        })
    };
    !rest.is_empty() && rest.split_whitespace().all(is_setting)
}
