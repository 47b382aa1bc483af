//! `subtitles find` and `subtitles get` as a person or a script meets them: real process, real files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

const SPANISH: &str = "1\n00:00:01,000 --> 00:00:02,000\nEl barco sale al mediodía y no vuelve.\n\n";

/// A folder of its own for each test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("subtitles-get-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        for (file, text) in files {
            fs::write(folder.join(file), text).expect("written");
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_subtitles")).args(arguments).current_dir(folder).output().expect("runs")
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn find_lists_candidates_with_scores_and_why_they_lose() {
    let files = [("film.mkv", "no Matroska"), ("film.es.srt", SPANISH), ("film.es.forced.srt", SPANISH)];
    let folder = Folder::new("find", &files);
    let output = run(&folder.0, &["find", "film.mkv", "--language", "es", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let row = |name: &str, forced: bool, score: u8| {
        json!({
            "from": format!("library: {name}"), "source": "library", "name": name, "language": "es", "forced": forced,
            "hearingImpaired": false, "machineTranslated": false, "score": score
        })
    };
    let mut forced = row("film.es.forced.srt", true, 0);
    forced["rejectionReason"] = "holds foreign-language parts only (forced)".into();
    assert_eq!(report, json!({"errors": [], "candidates": [row("film.es.srt", false, 100), forced]}));
}

#[test]
fn get_writes_the_best_beside_the_video_or_where_it_is_told() {
    let folder = Folder::new("get", &[("film.mkv", "no Matroska"), ("film.Spanish.srt", SPANISH)]);
    let output = run(&folder.0, &["get", "film.mkv", "--language", "es"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(fs::read_to_string(folder.0.join("film.es.srt")).expect("written"), SPANISH);
    let output = run(&folder.0, &["get", "film.mkv", "--language", "es", "--out", "other.vtt"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert!(fs::read_to_string(folder.0.join("other.vtt")).expect("written").starts_with("WEBVTT\n"));
}

#[test]
fn each_way_to_end_has_its_code_and_a_sentence() {
    let folder = Folder::new("codes", &[("film.mkv", "no Matroska"), ("bad.mkv", ""), ("bad.es.srt", "<html>")]);
    let away = "http://film.invalid/film.mkv";
    for (arguments, code, words) in [
        (&["find", "film.mkv", "--language", "español"][..], 1, "BCP 47"),
        (&["find", "film.mkv", "--language", "es", "--source", "nobody"], 1, "nobody"),
        (&["get", "film.mkv", "--language", "es", "--out", "film.doc"], 1, "end it in"),
        (&["find", "none.mkv", "--language", "es"], 2, "unreadable-input: 'none.mkv' cannot be read"),
        (&["get", "bad.mkv", "--language", "es"], 2, "UnusableSubtitle: 'bad.mkv' cannot be read"),
        (&["find", "film.mkv", "--language", "es"], 3, "no 'es' subtitle for 'film.mkv'"),
        (&["get", "film.mkv", "--language", "es"], 3, "no 'es' subtitle"),
        (&["find", away, "--language", "es", "--source", "embedded"], 4, "SourceUnavailable"),
        (&["get", away, "--language", "es"], 4, "AllSourcesFailed"),
    ] {
        let output = run(&folder.0, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", error(&output));
        assert!(error(&output).contains(words), "{arguments:?}: {}", error(&output));
    }
}
