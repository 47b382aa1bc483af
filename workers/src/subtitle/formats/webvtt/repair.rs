//! A WebVTT text that breaks the standard comes in, one of as many lines that keeps it goes out: time lines in any
//! spelling as the standard has them, and the heads of joined segments left out. Pure.

use super::timing;
use crate::subtitle::{
    Warning,
    line::{Line, Lines, is_structure},
    time,
    warning::Code,
};

/// What the lines around say of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the block of the signature.
    Header,
    /// First in a block, or behind an identifier: what looks like times is times.
    Start,
    /// Behind a time line.
    Text,
    /// In a comment, a style sheet or a region.
    Other,
    /// Behind a signature that is not the file's first.
    LaterHeader,
}

/// The text repaired; `None` where there was nothing to repair.
pub(super) fn repaired(text: &str, warnings: &mut Vec<Warning>) -> Option<String> {
    let mut repair = Repair { written: String::with_capacity(text.len()), clock: None, shift: 0, is_repaired: false };
    let (mut place, mut lines_in_block, mut has_signature) = (Place::Header, 0, false);
    // Whether the lines up to the next text are a gap inside a cue's text.
    let mut is_gap = false;
    let mut lines = Lines::new(text);
    while let Some(line) = lines.next() {
        if line.text.trim().is_empty() {
            // White space does not end a cue.
            if place == Place::Text && !line.text.is_empty() {
                repair.keep(&line);
                continue;
            }
            is_gap |= place == Place::Text && goes_on(lines.clone(), false);
            if is_gap {
                warnings.push(Warning::new(Code::BlankLineInText, line.number));
                place = Place::Text;
                repair.bridge(&line);
            } else {
                place = Place::Start;
                lines_in_block = 0;
                repair.keep(&line);
            }
            continue;
        }
        lines_in_block += 1;
        if line.text.starts_with("X-TIMESTAMP-MAP=") {
            repair.map(line.text);
        }
        if is_structure(line.text.trim_start())
            && (std::mem::replace(&mut has_signature, true) || place == Place::Text)
            && !(place == Place::Header && line.text.starts_with("X-"))
        {
            is_gap |= place == Place::Text && goes_on(lines.clone(), true);
            if !matches!(place, Place::LaterHeader) {
                warnings.push(Warning::new(Code::JoinedSegments, line.number));
            }
            place = Place::LaterHeader;
            repair.leave_out(&line, is_gap);
            continue;
        }
        let may_begin = matches!(place, Place::Start if lines_in_block <= 2)
            || place == Place::Header
            || place == Place::LaterHeader;
        let is_standard = line.text.contains("-->");
        let is_followed = || lines.clone().next().is_some_and(|next| !next.text.trim().is_empty());
        match time::classify(line.text) {
            // The standard's own time lines are all right, but for their times in a later segment.
            _ if is_standard && timing::read(line.text).is_some() && repair.shift == 0 => {
                place = Place::Text;
                repair.keep(&line);
            }
            time::Line::Time(times)
                if times.has_arrow
                    && (may_begin || is_standard || (!times.is_weak && place == Place::Text && is_followed())) =>
            {
                if timing::read(line.text).is_none() {
                    warnings.push(Warning::new(Code::IrregularTime, line.number));
                }
                if times.start.is_negative || times.end.is_negative {
                    warnings.push(Warning::new(Code::NegativeTime, line.number));
                }
                place = Place::Text;
                repair.times(&times, &line);
            }
            time::Line::Time(_) | time::Line::Unreadable | time::Line::Sentence if !is_standard && may_begin => {
                warnings.push(Warning::new(Code::UnreadTimeLine, line.number));
                repair.keep(&line);
            }
            // A line that is meant as times is reported, even there.
            _ if place == Place::LaterHeader && !is_standard => repair.leave_out(&line, is_gap),
            _ => {
                is_gap = false;
                if lines_in_block == 1 && place == Place::Start && is_other(line.text) {
                    place = Place::Other;
                }
                repair.keep(&line);
            }
        }
    }
    repair.is_repaired.then_some(repair.written)
}

/// How many empty lines and lines of heads a cue's text may have inside.
const MAX_GAP: usize = 8;

/// Whether a cue's text goes on behind an empty line or the head of a segment: no cue, identifier or comment begins there.
fn goes_on(mut ahead: Lines<'_>, is_head: bool) -> bool {
    let Some(next) = behind_gap(&mut ahead, is_head).filter(|line| !is_other(line.text)) else { return false };
    let is_in_block = |line: &Line<'_>| is_filled(line) && !is_structure(line.text.trim_start());
    let has_times = begins_cue(&next) || ahead.clone().take_while(is_in_block).any(|line| begins_cue(&line));
    // As in a file in which every other line is empty.
    let is_spaced_number =
        time::is_index(next.text) && behind_gap(&mut ahead, false).is_some_and(|line| begins_cue(&line));
    !(has_times || is_spaced_number)
}

/// The next line that is neither empty nor of a head.
fn behind_gap<'a>(ahead: &mut Lines<'a>, mut is_head: bool) -> Option<Line<'a>> {
    ahead.by_ref().take(MAX_GAP).find(|line| {
        is_head = is_filled(line) && (is_head || is_structure(line.text.trim_start()));
        is_filled(line) && (!is_head || begins_cue(line))
    })
}

fn is_filled(line: &Line<'_>) -> bool {
    !line.text.trim().is_empty()
}

fn begins_cue(line: &Line<'_>) -> bool {
    line.text.contains("-->") || time::classify(line.text) != time::Line::Text
}

fn is_other(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    matches!(word, "NOTE" | "STYLE" | "REGION")
}

struct Repair {
    written: String,
    /// When the first segment begins, in milliseconds of the transport stream, by its own `X-TIMESTAMP-MAP`.
    clock: Option<i64>,
    /// How much later than the first segment this one begins, in milliseconds.
    shift: i64,
    is_repaired: bool,
}

impl Repair {
    fn keep(&mut self, line: &Line<'_>) {
        self.written.push_str(line.text);
        self.written.push_str(line.ending);
    }

    /// Makes a line one of a cue's text, which only a line without any character ends.
    fn bridge(&mut self, line: &Line<'_>) {
        if line.text.is_empty() || !line.text.trim().is_empty() {
            self.is_repaired = true;
            self.written.push(' ');
            self.written.push_str(line.ending);
        } else {
            self.keep(line);
        }
    }

    /// Makes a line an empty one, or one of the cue's text around it.
    fn leave_out(&mut self, line: &Line<'_>, is_gap: bool) {
        if is_gap {
            return self.bridge(line);
        }
        self.is_repaired = true;
        self.written.push_str(line.ending);
    }

    fn times(&mut self, times: &time::TimeLine<'_>, line: &Line<'_>) {
        self.is_repaired = true;
        let shifted = |milliseconds: u64| milliseconds.saturating_add_signed(self.shift);
        let (start, end) = (shifted(times.start.milliseconds), shifted(times.end.milliseconds));
        time::write(&mut self.written, start, '.');
        self.written.push_str(" --> ");
        time::write(&mut self.written, end, '.');
        if time::is_settings(times.rest) {
            self.written.push(' ');
            self.written.push_str(times.rest);
        }
        self.written.push_str(line.ending);
    }

    /// `X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000`: where a segment's times are counted from.
    fn map(&mut self, line: &str) {
        let value = |name: &str| line.split(['=', ',']).find_map(|part| part.trim().strip_prefix(name));
        let Some(ticks) = value("MPEGTS:").and_then(|ticks| ticks.parse::<i64>().ok()) else { return };
        let local = value("LOCAL:").and_then(time::read).map_or(0, |stamp| stamp.milliseconds);
        let clock = (ticks / 90).saturating_sub(i64::try_from(local).unwrap_or(i64::MAX));
        self.shift = clock.saturating_sub(*self.clock.get_or_insert(clock));
    }
}
