//! Who speaks in a cue: its segments come in, one part for each speaker goes out. Pure.

use super::token::{Kind, Segment};
use crate::subtitle::Format;

/// What stands in front of a speaker's words: dashes, and the marks of live captions and of some broadcasters.
const MARKS: [&str; 8] = ["-", "‐", "–", "—", "―", "−", ">>", "< "];

impl Format {
    /// The parts of a cue's text by speaker: a line that begins with a dash or `>>` begins a speaker's part, and the lines
    /// behind it without one go on with it. One part where nobody is told apart. The breaks between parts are left
    /// out, those inside a part are not; tags stay where they are.
    pub fn speakers(self, text: &str) -> Vec<&str> {
        let segments = self.segments(text);
        let (mut parts, mut start, mut at, mut has_words) = (Vec::new(), 0, 0, false);
        for (number, segment) in segments.iter().enumerate() {
            let end = at + segment.raw.len();
            if segment.kind == Kind::Break && has_words && is_led_by_mark(self, &segments[number + 1..]) {
                parts.push(&text[start..at]);
                start = end;
                has_words = false;
            }
            has_words |= segment.kind == Kind::Text && !segment.raw.trim().is_empty();
            at = end;
        }
        parts.push(&text[start..]);
        parts
    }
}

/// Whether the first words of a line follow a speaker's mark.
fn is_led_by_mark(format: Format, segments: &[Segment<'_>]) -> bool {
    let line = segments.iter().take_while(|segment| segment.kind != Kind::Break);
    let mut words = line.filter(|segment| segment.kind == Kind::Text && !segment.raw.trim().is_empty());
    words.next().is_some_and(|words| {
        let words = format.decoded(words.raw);
        MARKS.iter().any(|mark| words.trim_start().starts_with(mark))
    })
}
