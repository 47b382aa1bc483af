//! A WebVTT text as people have it comes in, cues and the document go out: read as the standard says, and again after
//! a repair where the standard dropped something. Pure.

use super::{read::read, repair};
use crate::subtitle::{Cue, Warning, document::Document, line::Lines, markup::webvtt_repaired, time, warning::Code};

/// How often a repair may bring to light what has to be repaired.
const MOST_REPAIRS: usize = 4;

/// Reads the cues in the order of the file. Where the text had to be repaired, so is the document.
pub(in crate::subtitle) fn read_tolerantly(
    text: &str,
    has_mark: bool,
    warnings: &mut Vec<Warning>,
) -> (Vec<Cue>, Document) {
    let earlier = warnings.len();
    let mut found = read(text, has_mark, warnings);
    if may_need_repair(text, &found.0, &warnings[earlier..]) {
        let mut repairs = Vec::new();
        if let Some(mut repaired) = repair::repaired(text, &mut repairs) {
            // What was left out may have stood inside a cue's text.
            for _ in 0..MOST_REPAIRS {
                let Some(again) = repair::repaired(&repaired, &mut Vec::new()).filter(|again| *again != repaired)
                else {
                    break;
                };
                repaired = again;
            }
            warnings.truncate(earlier);
            warnings.append(&mut repairs);
            found = read(&repaired, has_mark, warnings);
        } else {
            warnings.append(&mut repairs);
        }
    }
    let (mut cues, document) = found;
    let (mut line, mut counted) = (1, 0);
    for (cue, hole) in cues.iter_mut().zip(document.holes()) {
        if let Some((text, is_escaped)) = webvtt_repaired(&cue.text) {
            line += Lines::new(&document.source()[counted..hole.start]).count();
            counted = hole.start;
            let code = if is_escaped { Code::UnclosedTag } else { Code::RepairedTags };
            // The time line is in front of the text.
            warnings.push(Warning::new(code, line.saturating_sub(1).max(1)));
            cue.text = text;
        }
    }
    (cues, document)
}

/// Whether the standard's parser may have dropped a cue, or kept as text what is structure.
fn may_need_repair(text: &str, cues: &[Cue], warnings: &[Warning]) -> bool {
    warnings.iter().any(|warning| matches!(warning.code, Code::BadTiming | Code::IgnoredBlock))
        || memchr::memmem::find_iter(text.as_bytes(), "WEBVTT").nth(1).is_some()
        || cues.is_empty()
        || cues.iter().any(|cue| cue.text.lines().any(|line| matches!(time::classify(line), time::Line::Time(_))))
}
