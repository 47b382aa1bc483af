//! MicroDVD: `{start}{end}text|text`, counted in frames. A text and a frame rate come in, cues with SubRip's markup
//! go out. Pure.

use super::builder::{Builder, MAX_OPEN};
use crate::subtitle::{Cue, Unusable, Warning, line::Lines, warning::Code};

/// A line's two frames and its text.
struct Frames<'a> {
    start: i64,
    end: Option<i64>,
    text: &'a str,
}

/// Whether a line begins with two frames.
pub(in crate::subtitle) fn is_line(line: &str) -> bool {
    frames(line).is_some()
}

fn frames(line: &str) -> Option<Frames<'_>> {
    let (start, rest) = line.trim_start().strip_prefix('{')?.split_once('}')?;
    let (end, text) = rest.trim_start().strip_prefix('{')?.split_once('}')?;
    let end = if end.trim().is_empty() { None } else { Some(end.trim().parse().ok()?) };
    Some(Frames { start: start.trim().parse().ok()?, end, text })
}

/// Whether a line sets what holds for the whole file, such as `{DEFAULT}{}{C:$0000ff}`.
fn is_default(line: &str) -> bool {
    let line = line.trim_start();
    line.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("{default}"))
}

/// The number of `25`, `23,976` and `23.976 fps`.
fn number(text: &str) -> String {
    text.trim().trim_end_matches(|last: char| last.is_ascii_alphabetic()).trim_end().replace(',', ".")
}

/// Reads the cues. The file's own rate, in its first line, wins over `frame_rate`.
pub(in crate::subtitle) fn read(
    text: &str,
    frame_rate: Option<f64>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Cue>, Unusable> {
    let is_rate = |rate: &f64| rate.is_finite() && (1.0..=1000.0).contains(rate);
    let mut rate = frame_rate.filter(is_rate);
    let mut builder = Builder::new(warnings);
    let mut is_first = true;
    for line in Lines::new(text) {
        let Some(Frames { start, end, text }) = frames(line.text) else {
            if is_default(line.text) {
                builder.warn(Code::LostMarkup, line.number);
            } else if !line.text.trim().is_empty() {
                builder.warn(Code::UnknownLine, line.number);
            }
            continue;
        };
        let is_head = std::mem::take(&mut is_first) && start <= 1 && end.is_none_or(|end| end <= 1);
        if is_head && let Ok(own) = number(text).parse::<f64>() {
            // A rate of 0 says that the program did not know it.
            rate = Some(own).filter(is_rate).or(rate);
            continue;
        }
        let rate = rate.ok_or(Unusable::FrameRateUnknown)?;
        if start < 0 || end.is_some_and(|end| end < 0) {
            builder.warn(Code::NegativeTime, line.number);
        }
        let (text, is_lost) = markup(text);
        if is_lost {
            builder.warn(Code::LostMarkup, line.number);
        }
        builder.cue(line.number, milliseconds(start, rate), end.map(|end| milliseconds(end, rate)), &text);
    }
    Ok(builder.finish(MAX_OPEN))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "frames of any film are far below 2^53, and casts of floats saturate"
)]
fn milliseconds(frames: i64, rate: f64) -> u64 {
    // Kept below what time stamps can add up to.
    (frames as f64 / rate * 1000.0).round().clamp(0.0, 1e15) as u64
}

/// The text with SubRip's tags, and whether codes were lost. `{y:i}` holds for a line, `{Y:b}` for the cue, and a
/// leading slash is an old way to say italics; the rest of the codes say what SubRip cannot.
fn markup(text: &str) -> (String, bool) {
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
        if let Some(italic) = rest.strip_prefix('/') {
            styles.push('i');
            rest = italic;
        }
        if !rest.is_empty() {
            written.push(wrapped(rest, &styles));
        }
    }
    (wrapped(&written.join("\n"), &whole), is_lost)
}

fn wrapped(text: &str, styles: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    // A style that is named a thousand times is still one style.
    "ibus"
        .chars()
        .filter(|style| styles.contains(*style))
        .fold(text.to_owned(), |text, style| format!("<{style}>{text}</{style}>"))
}
