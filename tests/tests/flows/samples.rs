//! The videos, sidecars and jobs of the flows. Does I/O.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use subtitle_tests::{job_manifest, process::output, stack::Stack};

/// Cues of the embedded English track.
pub(crate) const CUES: usize = 62;

/// English dialogue, numbered by its times so that every cue differs.
pub(crate) fn dialogue() -> String {
    let lines = [
        "Good morning, Anna. The boat leaves at noon.",
        "We should have\ngone home yesterday.",
        "- Where is the captain?\n- He is in the harbour.",
        "<i>The sea is very calm today.</i>",
        "Bring the letters to the old house.",
    ];
    let mut text = String::new();
    for at in 0..CUES {
        let (minute, second) = (at * 4 / 60, at * 4 % 60);
        let line = lines[at % lines.len()];
        let _ =
            write!(text, "{}\n00:{minute:02}:{second:02},000 --> 00:{minute:02}:{second:02},900\n{line}\n\n", at + 1);
    }
    text
}

/// Writes a video with an embedded English track, and one with a Hebrew sidecar in windows-1255.
pub(crate) fn write(folder: &Path, library: &Path) {
    fs::write(folder.join("harbour.srt"), dialogue()).expect("writable");
    let mut mux = Command::new("mkvmerge");
    mux.args(["-q", "-o"]).arg(library.join("harbour.mkv")).args(["--language", "0:eng"]);
    output(mux.arg(folder.join("harbour.srt"))).expect("mkvmerge");
    fs::write(library.join("letters.mkv"), "not a video").expect("writable");
    let mut hebrew = b"1\r\n00:00:01,000 --> 00:00:02,000\r\n".to_vec();
    hebrew.extend([0xF9, 0xEC, 0xE5, 0xED]); // "shalom"
    fs::write(library.join("letters.he.srt"), hebrew).expect("writable");
}

/// The manifest of a glossary.
pub(crate) fn glossary(name: &str, text: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{subtitles.dev/glossary: \"true\"}}}}\ndata: {{glossary: '{text}'}}\n"
    )
}

/// Creates the jobs that the cases wait for, all at once.
pub(crate) fn apply(stack: &Stack) {
    let with_glossary = |name: &str| {
        let translation = format!("translation: {{glossaryRef: {{name: {name}}}}}");
        format!("{{video: {{path: harbour.mkv}}, language: es, sources: [{{name: embedded}}], {translation}}}")
    };
    stack.apply(&glossary("wrong", "Anna")).expect("applies");
    for (name, spec) in [
        ("found", "{video: {path: harbour.mkv}, language: en}"),
        ("hebrew", "{video: {path: letters.mkv}, language: he}"),
        ("translated", "{video: {path: harbour.mkv}, language: es, output: {sidecar: IfAbsent}}"),
        ("failed", "{video: {path: letters.mkv}, language: fr, translation: {policy: Never}}"),
        ("invalid", &with_glossary("wrong")),
        ("named", &with_glossary("names")),
    ] {
        stack.apply(&job_manifest(name, spec)).expect("applies");
    }
}
