//! SubViewer: two times on a line, the text on the next with `[br]` between its lines. A text comes in, cues with
//! SubRip's markup go out. Pure.

use super::{
    Cue, Warning,
    line::Lines,
    time::{self, Stamp},
    warning::Code,
};

/// A line that is two times, such as `00:04:35.03,00:04:38.82`.
pub(super) fn times(line: &str) -> Option<(Stamp, Stamp)> {
    let (start, end) = line.trim().split_once(',')?;
    let is_time = |text: &str| text.matches(':').count() == 2 && text.contains('.');
    if !is_time(start) || !is_time(end) {
        return None;
    }
    Some((time::read(start.trim())?, time::read(end.trim())?))
}

/// Reads the cues; the header's `[INFORMATION]` and the like are not kept.
pub(super) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    let mut open: Option<(usize, u64, u64, Vec<&str>)> = None;
    for line in Lines::new(text) {
        if let Some((start, end)) = times(line.text) {
            finish(open.take(), &mut cues, warnings);
            let (start, end) = (start.milliseconds, end.milliseconds);
            if end < start {
                warnings.push(Warning::new(Code::EndBeforeStart, line.number));
            }
            open = Some((line.number, start, end.max(start), Vec::new()));
        } else if let Some((.., lines)) = &mut open {
            lines.extend(line.text.split("[br]").map(str::trim).filter(|line| !line.is_empty()));
        } else if !line.text.trim().is_empty() && !line.text.trim_start().starts_with('[') {
            warnings.push(Warning::new(Code::TextBeforeFirstCue, line.number));
        }
    }
    finish(open, &mut cues, warnings);
    cues.sort_by_key(|cue| cue.start);
    cues
}

fn finish(open: Option<(usize, u64, u64, Vec<&str>)>, cues: &mut Vec<Cue>, warnings: &mut Vec<Warning>) {
    let Some((line, start, end, lines)) = open else { return };
    let (text, is_repaired) = super::srt::canonical(lines.into_iter());
    if is_repaired {
        warnings.push(Warning::new(Code::RepairedTags, line));
    }
    if text.is_empty() {
        warnings.push(Warning::new(Code::EmptyCue, line));
        return;
    }
    if cues.last().is_some_and(|last| last.start > start) {
        warnings.push(Warning::new(Code::OutOfOrder, line));
    }
    cues.push(Cue::new(start, end, text));
}
