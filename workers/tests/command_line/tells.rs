//! What the command line says of itself, of candidates and of what it cannot read.

use serde_json::Value;

use super::{Folder, run, text};

#[test]
fn the_version_is_the_programs_and_every_help_has_examples_and_no_field_of_a_job() {
    assert!(text(&run(&["--version"], b"").stdout).starts_with("subtitles 0."));
    for command in ["inspect", "convert", "find", "get", "translate", "serve"] {
        let help = text(&run(&[command, "--help"], b"").stdout);
        assert!(help.contains("Examples:\n  subtitles "), "{command}: {help}");
        assert!(!help.contains("spec."), "{command}: {help}");
    }
}

#[test]
fn every_candidate_has_its_name_language_and_why_it_loses_to_one_of_the_same_score() {
    let folder = Folder::new("candidates");
    let film = folder.file("film.mkv", "no Matroska");
    let spanish = "1\n00:00:01,000 --> 00:00:02,000\nEl barco sale al mediodía.\n";
    for name in ["film.es.srt", "film.es-MX.srt", "film.es.forced.srt", "film.fr.srt"] {
        folder.file(name, spanish);
    }
    for (language, number) in ('a'..='z').zip(0..12) {
        folder.file(&format!("film.en.{language}{number}.srt"), spanish);
    }
    let output = run(&["find", &film, "--language", "es", "--json"], b"");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows: Vec<(&str, &str, u64, &str)> = report["candidates"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let word = |key: &str| row[key].as_str().unwrap_or_default();
            (word("name"), word("language"), row["score"].as_u64().expect("a score"), word("rejectionReason"))
        })
        .collect();
    assert_eq!(rows[0], ("film.es.srt", "es", 100, ""));
    assert_eq!(rows[1], ("film.es-MX.srt", "es-MX", 100, "is in 'es-MX'; the best is in 'es' itself"));
    assert!(rows.contains(&("film.es.forced.srt", "es", 0, "holds foreign-language parts only (forced)")), "{rows:?}");
    let shown = text(&run(&["find", &film, "--language", "es"], b"").stdout);
    assert!(shown.contains("100  es-MX"), "{shown}");
}

#[test]
fn errors_name_what_was_found() {
    let folder = Folder::new("found");
    for (input, words) in [
        ("WEBVTT\n\n1:x --> 3:y\nTea?\n", "line 3: "),
        ("WEBVTT\n\n1:x --> 3:y\nTea?\n", "'1:x --> 3:y'"),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n", "all of its 1 cues of SRT are empty"),
        ("<?xml version=\"1.0\"?><error/>", "the file is an XML document, not a subtitle\n"),
        ("<tt xmlns=\"http://www.w3.org/ns/ttml\"><body/></tt>", "TTML"),
        ("<html>log in</html>", "may require a login"),
        ("Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420\n", "Scenarist closed captions (SCC)"),
    ] {
        let shown = text(&run(&["inspect", &folder.file("a.srt", input)], b"").stderr);
        assert!(shown.contains(words), "{input:?}: {shown}");
        assert!(!shown.contains("login") || input.contains("html"), "{input:?}: {shown}");
    }
}

#[test]
fn a_conversion_that_would_lose_cues_is_refused_with_5_and_the_line() {
    let folder = Folder::new("lossy");
    let broken = "1\n00:00:01,000 --> 00:00:02,000\nTea?\n\n2\n00:00:0x,000 --> 00:00:04,000\nCake.\n";
    let (file, out) = (folder.file("a.srt", broken), folder.path("a.vtt"));
    let output = run(&["convert", &file, &out], b"");
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("line 6: ") && !folder.0.join("a.vtt").exists(), "{}", text(&output.stderr));
    assert_eq!(run(&["convert", &file, &out, "--partial"], b"").status.code(), Some(0));
}
