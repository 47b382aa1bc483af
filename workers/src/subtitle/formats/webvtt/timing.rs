//! A cue's time line, by "collect WebVTT cue timings and settings" (W3C WebVTT 1, section 6.3). Pure.

use crate::subtitle::time::clock;

/// What a time line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cue<'a> {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) settings: &'a str,
}

/// `None` where the standard drops the cue.
pub(super) fn read(line: &str) -> Option<Cue<'_>> {
    let rest = line.trim_start_matches(is_space);
    let (start, rest) = stamp(rest)?;
    let rest = rest.trim_start_matches(is_space).strip_prefix("-->")?;
    let (end, rest) = stamp(rest.trim_start_matches(is_space))?;
    Some(Cue { start, end, settings: rest.trim_matches(is_space) })
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\u{C}' | '\r')
}

/// "Collect a WebVTT timestamp": `MM:SS.mmm`, or with hours of any length in front.
fn stamp(text: &str) -> Option<(u64, &str)> {
    if let Some(milliseconds) = text.as_bytes().get(..12).and_then(|bytes| clock(bytes, b'.'))
        && !text.as_bytes().get(12).is_some_and(u8::is_ascii_digit)
        && milliseconds_are_regular(&text[..12])
    {
        return Some((milliseconds, &text[12..]));
    }
    let (first, rest) = digits(text)?;
    let (second, rest) = two(rest.strip_prefix(':')?)?;
    let first_number: u64 = first.parse().ok()?;
    let (hours, minutes, seconds, rest) = if first.len() != 2 || rest.starts_with(':') {
        let (third, rest) = two(rest.strip_prefix(':')?)?;
        (first_number, second, third, rest)
    } else {
        (0, first_number, second, rest)
    };
    let (fraction, rest) = digits(rest.strip_prefix('.')?)?;
    if fraction.len() != 3 || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?;
    Some((seconds.checked_mul(1000)?.checked_add(fraction.parse().ok()?)?, rest))
}

fn milliseconds_are_regular(clock: &str) -> bool {
    clock.as_bytes()[3] < b'6' && clock.as_bytes()[6] < b'6'
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0).then(|| text.split_at(length))
}

fn two(text: &str) -> Option<(u64, &str)> {
    let (two, rest) = digits(text)?;
    (two.len() == 2).then_some(())?;
    Some((two.parse().ok()?, rest))
}

/// Whether each setting has an effect (section 6.3, "parse the WebVTT cue settings"); a region's name is taken on
/// trust.
pub(super) fn are_known(settings: &str) -> bool {
    settings.split(is_space).filter(|setting| !setting.is_empty()).all(is_known)
}

fn is_known(setting: &str) -> bool {
    let Some((name, value)) = setting.split_once(':') else { return false };
    if name.is_empty() || value.is_empty() {
        return false;
    }
    let (first, alignment) = value.split_once(',').map_or((value, None), |(first, second)| (first, Some(second)));
    match name {
        "region" => true,
        "vertical" => matches!(value, "rl" | "lr"),
        "size" => is_percentage(value),
        "align" => matches!(value, "start" | "center" | "end" | "left" | "right"),
        "position" => {
            is_percentage(first) && alignment.is_none_or(|side| matches!(side, "line-left" | "center" | "line-right"))
        }
        "line" => {
            let number = first.strip_prefix('-').unwrap_or(first);
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            (is_percentage(first) || (is_number && number.parse::<f64>().is_ok()))
                && alignment.is_none_or(|side| matches!(side, "start" | "center" | "end"))
        }
        _ => false,
    }
}

fn is_percentage(value: &str) -> bool {
    value.strip_suffix('%').is_some_and(|number| {
        number.starts_with(|first: char| first.is_ascii_digit())
            && number.ends_with(|last: char| last.is_ascii_digit())
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && number.parse::<f64>().is_ok_and(|number| number <= 100.0)
    })
}
