//! Cues with WebVTT's markup come in, a WebVTT file goes out: a new one, or the one that was read with other texts. Pure.

use std::fmt::Write as _;

use crate::subtitle::{Cue, document::Document, markup::without_structure, time};

/// The file that was read, with the cues' texts.
pub(in crate::subtitle) fn refill(document: &Document, cues: &[Cue]) -> String {
    document.fill(cues.iter().map(|cue| cue.text.as_str()), |written, old, text| {
        if super::unified(old) == text {
            written.push_str(old);
            return;
        }
        if old.is_empty() && !written.ends_with(['\n', '\r']) {
            written.push('\n');
        }
        let ending = if old.contains("\r\n") { "\r\n" } else { "\n" };
        payload(written, text, ending);
        if old.is_empty() {
            written.push_str("\n\n");
        }
    })
}

/// A new file.
pub(in crate::subtitle) fn write(cues: impl Iterator<Item = Cue>) -> String {
    let mut text = String::from("WEBVTT\n\n");
    for cue in cues {
        time::write(&mut text, cue.start, '.');
        text.push_str(" --> ");
        time::write(&mut text, cue.end, '.');
        if let Some(settings) = &cue.settings {
            let _ = write!(text, " {settings}");
        }
        text.push('\n');
        payload(&mut text, &cue.text, "\n");
        text.push_str("\n\n");
    }
    text
}

/// An empty line would end the cue and an arrow would begin one: neither may be in a payload, nor what a tolerant
/// reader takes for times or for the head of a segment.
fn payload(written: &mut String, text: &str, ending: &str) {
    let mut is_first = true;
    let shielded = without_structure(text);
    for line in shielded.as_deref().unwrap_or(text).lines().filter(|line| !line.trim().is_empty()) {
        if !std::mem::take(&mut is_first) {
            written.push_str(ending);
        }
        if line.contains("-->") {
            written.push_str(&line.replace("-->", "--&gt;"));
        } else {
            written.push_str(line);
        }
    }
}
