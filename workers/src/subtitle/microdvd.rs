//! MicroDVD: `{start}{end}text|text`, counted in frames. A text and a frame rate come in, cues with SubRip's markup
//! go out. Pure.

use super::{Cue, Unusable, Warning, line::Lines, warning::Code};

/// A line's two frames and its text.
pub(super) fn frames(line: &str) -> Option<(u64, Option<u64>, &str)> {
    let (start, rest) = line.trim_start().strip_prefix('{')?.split_once('}')?;
    let (end, text) = rest.strip_prefix('{')?.split_once('}')?;
    let end = if end.trim().is_empty() { None } else { Some(end.trim().parse().ok()?) };
    Some((start.trim().parse().ok()?, end, text))
}

/// How long a cue without an end stays, in seconds.
const UNKNOWN_DURATION: f64 = 4.0;

/// Reads the cues. The file's own rate, in its first line, wins over `frame_rate`.
pub(super) fn read(text: &str, frame_rate: Option<f64>, warnings: &mut Vec<Warning>) -> Result<Vec<Cue>, Unusable> {
    let is_rate = |rate: &f64| rate.is_finite() && (1.0..=1000.0).contains(rate);
    let mut rate = frame_rate.filter(is_rate);
    let mut cues: Vec<Cue> = Vec::new();
    let mut is_first = true;
    for line in Lines::new(text) {
        let Some((start, end, text)) = frames(line.text) else {
            if !line.text.trim().is_empty() {
                warnings.push(Warning::new(Code::UnknownLine, line.number));
            }
            continue;
        };
        let is_head = std::mem::take(&mut is_first) && start <= 1 && end.is_none_or(|end| end <= 1);
        if is_head && let Some(own) = text.trim().replace(',', ".").parse().ok().filter(is_rate) {
            rate = Some(own);
            continue;
        }
        let rate = rate.ok_or(Unusable::FrameRateUnknown)?;
        let text = markup(text, line.number, warnings);
        let (text, is_repaired) = super::srt::canonical(text.lines());
        if is_repaired {
            warnings.push(Warning::new(Code::RepairedTags, line.number));
        }
        if text.is_empty() {
            warnings.push(Warning::new(Code::EmptyCue, line.number));
            continue;
        }
        let start = milliseconds(start, rate, 0.0);
        let end =
            end.map_or_else(|| start + milliseconds(0, rate, UNKNOWN_DURATION), |end| milliseconds(end, rate, 0.0));
        if end < start {
            warnings.push(Warning::new(Code::EndBeforeStart, line.number));
        }
        if cues.last().is_some_and(|last| last.start > start) {
            warnings.push(Warning::new(Code::OutOfOrder, line.number));
        }
        cues.push(Cue::new(start, end.max(start), text));
    }
    cues.sort_by_key(|cue| cue.start);
    Ok(cues)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "frames of any film are far below 2^53, and casts of floats saturate"
)]
fn milliseconds(frames: u64, rate: f64, seconds: f64) -> u64 {
    // Kept below what time stamps can add up to.
    ((frames as f64 / rate + seconds) * 1000.0).round().min(1e15) as u64
}

/// `{y:i}` holds for a line, `{Y:i}` for the cue, and a leading slash is an old way to say italics; the rest of the
/// codes say what SubRip cannot.
fn markup(text: &str, line: usize, warnings: &mut Vec<Warning>) -> String {
    let mut written: Vec<String> = Vec::new();
    let mut whole = String::new();
    let mut is_lost = false;
    for part in text.trim().split('|') {
        let mut rest = part.trim();
        let mut styles = String::new();
        while let Some((code, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            let Some((name, value)) = code.split_once(':') else { break };
            let known: String = value.to_ascii_lowercase().chars().filter(|style| "ibus".contains(*style)).collect();
            match name {
                "y" => styles.push_str(&known),
                "Y" => whole.push_str(&known),
                _ if name.len() == 1 => is_lost = true,
                _ => break,
            }
            rest = after.trim_start();
        }
        if let Some(said) = rest.strip_prefix('/') {
            styles.push('i');
            rest = said;
        }
        if !rest.is_empty() {
            written.push(wrapped(rest, &styles));
        }
    }
    if is_lost {
        warnings.push(Warning::new(Code::LostMarkup, line));
    }
    wrapped(&written.join("\n"), &whole)
}

fn wrapped(text: &str, styles: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    styles.chars().fold(text.to_owned(), |text, style| format!("<{style}>{text}</{style}>"))
}
