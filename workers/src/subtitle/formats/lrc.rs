//! LRC, the words of songs: `[01:02.50]text`, a start and no end, several where a line is sung again. A text comes in,
//! cues with SubRip's markup go out. Pure.

use super::builder::Builder;
use crate::subtitle::{Cue, Warning, line::Lines, time, warning::Code};

/// How long a line is shown at most, in milliseconds.
const MAX_OPEN_LINE: u64 = 10_000;

/// How often one line of a song is sung.
const MOST_REPEATS: usize = 64;

/// Whether a line begins with a time in brackets and is more than that.
pub(in crate::subtitle) fn is_line(line: &str) -> bool {
    stamp(line.trim()).is_some_and(|(_, rest)| !rest.is_empty())
}

/// `[MM:SS]`, `[MM:SS.xx]`, `[MM:SS:xx]` in milliseconds, and what follows.
fn stamp(text: &str) -> Option<(u64, &str)> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    let (minutes, seconds) = inner.split_once(':')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (seconds, fraction) = seconds.split_once(['.', ':', ',']).unwrap_or((seconds, "0"));
    let is_stamp = is_number(minutes) && minutes.len() <= 4 && is_number(seconds) && seconds.len() <= 2;
    if !is_stamp || !is_number(fraction) || fraction.len() > 3 {
        return None;
    }
    Some((time::read(&format!("0:{minutes}:{seconds}.{fraction}"))?.milliseconds, rest))
}

/// `[offset:+250]`: so much earlier, in milliseconds.
fn offset(line: &str) -> Option<i64> {
    let (name, value) = line.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
    name.trim().eq_ignore_ascii_case("offset").then(|| value.trim().trim_start_matches('+').parse().ok())?
}

fn is_tag(line: &str) -> bool {
    let inner = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    inner
        .and_then(|inner| inner.split_once(':'))
        .is_some_and(|(name, _)| name.starts_with('#') || name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Reads the cues. What the file says of the song is not kept.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut builder = Builder::new(warnings);
    let mut earlier = 0_i64;
    for line in Lines::new(text) {
        let trimmed = line.text.trim();
        let mut rest = trimmed;
        let mut starts = Vec::new();
        while let Some((start, behind)) = stamp(rest).filter(|_| starts.len() < MOST_REPEATS) {
            starts.push(start);
            rest = behind.trim_start();
        }
        if let Some(offset) = offset(trimmed) {
            earlier = offset;
        } else if starts.is_empty() && !trimmed.is_empty() && !is_tag(trimmed) {
            builder.warn(Code::UnknownLine, line.number);
        }
        // The times of words stand in the text: `<00:01.20>`.
        for start in starts {
            let start = i64::try_from(start).unwrap_or(i64::MAX).saturating_sub(earlier);
            let start = u64::try_from(start).unwrap_or(0);
            if rest.is_empty() {
                builder.end(start);
            } else {
                builder.cue(line.number, start, None, rest);
            }
        }
    }
    builder.finish(MAX_OPEN_LINE)
}
