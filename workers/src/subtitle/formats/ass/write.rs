//! Cues with ASS's markup come in, an ASS file goes out: a new one, or the one that was read with other texts. Pure.

use crate::subtitle::{Cue, document::Document, time};

/// What a new file begins with: one style, white with a dark edge at the bottom of a full-HD picture.
const HEADER: &str = "\
[Script Info]
ScriptType: v4.00+
WrapStyle: 0
ScaledBorderAndShadow: yes
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H00FFFFFF,&H00101010,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,60,60,50,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
";

/// The file that was read, with the cues' texts.
pub(in crate::subtitle) fn refill(document: &Document, cues: &[Cue]) -> String {
    document.fill(cues.iter().map(|cue| cue.text.as_str()), |written, _, text| payload(written, text))
}

/// A new file.
pub(in crate::subtitle) fn write(cues: impl Iterator<Item = Cue>) -> String {
    let mut text = String::from(HEADER);
    for cue in cues {
        text.push_str("Dialogue: 0,");
        stamp(&mut text, cue.start);
        text.push(',');
        stamp(&mut text, cue.end);
        text.push_str(",Default,,0,0,0,,");
        payload(&mut text, &cue.text);
        text.push('\n');
    }
    text
}

/// Whether a time has more than hundredths.
pub(in crate::subtitle) const fn loses_precision(milliseconds: u64) -> bool {
    !milliseconds.is_multiple_of(10)
}

/// An event is one line.
fn payload(written: &mut String, text: &str) {
    if text.contains(['\n', '\r']) {
        written.push_str(&text.replace("\r\n", "\\N").replace(['\n', '\r'], "\\N"));
    } else {
        written.push_str(text);
    }
}

/// `H:MM:SS.cc`, rounded: 59.996 s carries into the next minute.
fn stamp(text: &mut String, milliseconds: u64) {
    let hundredths = milliseconds / 10 + u64::from(milliseconds % 10 >= 5);
    time::write_seconds(text, hundredths / 100, 1);
    text.push('.');
    time::digits(text, hundredths % 100, 2);
}
