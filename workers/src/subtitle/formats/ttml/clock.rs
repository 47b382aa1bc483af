//! TTML's time expressions (W3C TTML 2, section 12.3.1): a text comes in, milliseconds go out. Pure.

/// How frames and ticks are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Frames per second.
    frame: f64,
    /// Ticks per second.
    tick: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { frame: 30.0, tick: 1.0 }
    }
}

impl Rates {
    /// Reads the root element's parameters.
    pub(super) fn new(get: &impl Fn(&str) -> Option<String>) -> Self {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite());
        let frame = get("frameRate").as_deref().and_then(number);
        let multiplier = get("frameRateMultiplier").and_then(|text| {
            let (over, under) = text.trim().split_once([' ', ':'])?;
            Some(number(over)? / number(under)?)
        });
        let frame_rate = frame.unwrap_or(30.0) * multiplier.unwrap_or(1.0);
        // Without a tick rate, a tick is a frame where frames are counted at all.
        let tick = get("tickRate").as_deref().and_then(number).unwrap_or(frame.map_or(1.0, |_| frame_rate));
        Self { frame: frame_rate, tick }
    }

    /// A clock time (`00:00:01.5`, `00:00:01:12`) or an offset (`1.5s`, `36f`).
    pub(super) fn milliseconds(self, text: &str) -> Option<u64> {
        let text = text.trim();
        let seconds = if text.contains(':') { self.clock(text)? } else { self.offset(text)? };
        let milliseconds = (seconds * 1000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked, and casts of floats saturate"
        )]
        (0.0..1e15).contains(&milliseconds).then_some(milliseconds as u64)
    }

    fn clock(self, text: &str) -> Option<f64> {
        let parts: Vec<&str> = text.split(':').collect();
        let whole = |text: &str| text.parse::<u32>().ok().map(f64::from);
        let (hours, minutes, seconds, frames) = match parts[..] {
            [hours, minutes, seconds] => (whole(hours)?, whole(minutes)?, decimal(seconds)?, 0.0),
            [hours, minutes, seconds, frames] => {
                (whole(hours)?, whole(minutes)?, whole(seconds)?, decimal(frames)? / self.frame)
            }
            [minutes, seconds] => (0.0, whole(minutes)?, decimal(seconds)?, 0.0),
            _ => return None,
        };
        Some(hours * 3600.0 + minutes * 60.0 + seconds + frames)
    }

    fn offset(self, text: &str) -> Option<f64> {
        let length = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
        let number = decimal(&text[..length])?;
        Some(match &text[length..] {
            "h" => number * 3600.0,
            "m" => number * 60.0,
            "s" => number,
            "ms" => number / 1000.0,
            "f" => number / self.frame,
            "t" => number / self.tick,
            _ => return None,
        })
    }
}

/// Digits with a `.` or, as some programs write it, a `,`.
fn decimal(text: &str) -> Option<f64> {
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',');
    (text.bytes().all(is_part) && !text.is_empty()).then(|| text.replace(',', ".").parse().ok()).flatten()
}
