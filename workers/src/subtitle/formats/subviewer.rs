//! SubViewer and YouTube's SBV: two times on a line and the text on the next ones; and SubViewer 1, with each time on
//! a line of its own. A text comes in, cues with SubRip's markup go out. Pure.

use super::builder::{Builder, MAX_OPEN};
use crate::subtitle::{
    Cue, Warning,
    line::Lines,
    time::{self, Stamp},
    warning::Code,
};

/// A line that is two times, such as `00:04:35.03,00:04:38.82`.
fn times(line: &str) -> Option<(Stamp, Stamp)> {
    let (start, end) = line.trim().split_once(',')?;
    let is_time = |text: &str| text.matches(':').count() == 2 && text.contains('.');
    if !is_time(start) || !is_time(end) {
        return None;
    }
    Some((time::read(start.trim())?, time::read(end.trim())?))
}

/// Times in another spelling than the format's.
fn other_times(line: &str) -> Option<(Stamp, Stamp)> {
    match time::classify(line) {
        time::Line::Time(times) if times.rest.is_empty() => Some((times.start, times.end)),
        _ => None,
    }
}

/// Whether a line is two times.
pub(in crate::subtitle) fn is_line(line: &str) -> bool {
    times(line).is_some()
}

/// Whether a line is two times with milliseconds, as only YouTube's SBV has them.
pub(in crate::subtitle) fn is_sbv_line(line: &str) -> bool {
    let fraction = line.trim().rsplit_once('.').map(|(_, fraction)| fraction);
    fraction.is_some_and(|fraction| fraction.len() == 3) && is_line(line)
}

/// Reads the cues; the header's `[INFORMATION]` and the like are not kept.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut builder = Builder::new(warnings);
    let mut open: Option<(usize, u64, u64, String)> = None;
    let finish = |open: Option<(usize, u64, u64, String)>, builder: &mut Builder<'_>| {
        if let Some((line, start, end, text)) = open {
            builder.cue(line, start, Some(end), &text);
        }
    };
    for line in Lines::new(text) {
        let is_at_gap = open.as_ref().is_none_or(|(.., text)| text.is_empty() || text.ends_with("\n\n"));
        if let Some((start, end)) = times(line.text).or_else(|| other_times(line.text).filter(|_| is_at_gap)) {
            finish(open.take(), &mut builder);
            open = Some((line.number, start.milliseconds, end.milliseconds, String::new()));
        } else if let Some((.., text)) = &mut open {
            text.push_str(&line.text.replace("[br]", "\n"));
            text.push('\n');
        } else if !line.text.trim().is_empty() && !line.text.trim_start().starts_with('[') {
            builder.warn(Code::TextBeforeFirstCue, line.number);
        }
    }
    finish(open, &mut builder);
    builder.finish(MAX_OPEN)
}

/// A line of SubViewer 1 that is a time: `[00:00:01]`, in milliseconds.
fn single(line: &str) -> Option<u64> {
    let inner = line.trim().strip_prefix('[')?.strip_suffix(']')?;
    let is_time = inner.matches(':').count() == 2 && inner.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    is_time.then(|| time::read(inner)).flatten().map(|stamp| stamp.milliseconds)
}

/// Whether a line is a time of SubViewer 1.
pub(in crate::subtitle) fn is_single_line(line: &str) -> bool {
    single(line).is_some()
}

/// Reads the cues of SubViewer 1: the text behind a time lasts up to the next time.
pub(in crate::subtitle) fn read_single(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut builder = Builder::new(warnings);
    let mut open: Option<(usize, u64, String)> = None;
    let finish = |open: Option<(usize, u64, String)>, end: Option<u64>, builder: &mut Builder<'_>| {
        if let Some((line, start, text)) = open
            && !text.trim().is_empty()
        {
            builder.cue(line, start, end, &text);
        }
    };
    for line in Lines::new(text) {
        if let Some(start) = single(line.text) {
            finish(open.replace((line.number, start, String::new())), Some(start), &mut builder);
        } else if let Some((.., text)) = &mut open {
            let is_end = line.text.trim().eq_ignore_ascii_case("[end]");
            text.push_str(if is_end { "" } else { line.text }.replace('|', "\n").as_str());
            text.push('\n');
        } else if !line.text.trim().is_empty() && !line.text.trim_start().starts_with('[') {
            builder.warn(Code::TextBeforeFirstCue, line.number);
        }
    }
    finish(open, None, &mut builder);
    builder.finish(MAX_OPEN)
}
