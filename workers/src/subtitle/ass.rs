//! Advanced SubStation Alpha, read as plain cues: italics, bold and underline survive, drawings and comments do
//! not. Pure.

use super::{Cue, markup, time};

/// The columns when no `Format:` line names them.
const COLUMNS: &str = "Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text";

/// Reads the `Dialogue:` lines by the columns of `[Events]`; `Text` is last and may hold commas.
pub(super) fn read(text: &str) -> Vec<Cue> {
    let mut columns: Vec<&str> = COLUMNS.split(',').collect();
    let mut in_events = false;
    let mut cues = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            in_events = line.trim().eq_ignore_ascii_case("[Events]");
        } else if let Some(format) = line.strip_prefix("Format:").filter(|_| in_events) {
            columns = format.split(',').map(str::trim).collect();
        } else if let Some(dialogue) = line.strip_prefix("Dialogue:") {
            cues.extend(cue(dialogue.trim_start(), &columns));
        }
    }
    cues
}

fn cue(dialogue: &str, columns: &[&str]) -> Option<Cue> {
    let fields: Vec<&str> = dialogue.splitn(columns.len(), ',').collect();
    let field = |name: &str| columns.iter().position(|column| *column == name).and_then(|at| fields.get(at)).copied();
    let (start, end) = (time::read(field("Start")?.trim())?, time::read(field("End")?.trim())?);
    Some(Cue { start, end: end.max(start), text: markup::from_ass(field("Text")?) })
}
