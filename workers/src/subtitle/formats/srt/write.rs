//! Cues with SubRip's markup come in, the canonical file goes out: numbers from 1, LF, an empty line after each cue.
//! Pure.

use crate::subtitle::{Cue, time};

pub(in crate::subtitle) fn write(cues: &[Cue]) -> String {
    let mut text = String::with_capacity(cues.iter().map(|cue| cue.text.len() + 40).sum());
    for (cue, number) in cues.iter().zip(1..) {
        time::digits(&mut text, number, 1);
        text.push('\n');
        time::write(&mut text, cue.start, ',');
        text.push_str(" --> ");
        time::write(&mut text, cue.end, ',');
        text.push('\n');
        text.push_str(&cue.text);
        text.push_str("\n\n");
    }
    text
}
