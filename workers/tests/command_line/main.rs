//! The `subtitles` command as a person or a script meets it: real process, real files.

mod broken;
mod replace;
mod tells;
mod translate;

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use broken::assert_is_a_sentence;
use serde_json::{Value, json};

/// A folder of its own for each test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("subtitles-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), bytes).expect("written");
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_subtitles"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().expect("piped").write_all(input);
    child.wait_with_output().expect("ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn inspect_prints_one_object_with_exactly_the_agreed_keys() {
    let folder = Folder::new("inspect");
    let vtt = "WEBVTT\n\none\n00:01.000 --> 00:02.500 line:0\n<v Anna>Tea &amp;\n<i>cake</i>?</v>\n";
    let output = run(&["inspect", &folder.file("a.vtt", vtt), "--language", "en", "--json"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sha256 = report["sha256"].as_str().expect("a hash").to_owned();
    assert_eq!(sha256.len(), 64);
    assert_eq!(
        report,
        json!({
            "format": "WebVTT", "charset": "UTF-8", "language": "en",
            "cues": [{
                "id": "one", "start_ms": 1000, "end_ms": 2500, "text": "Tea &\ncake?",
                "lines": ["<v Anna>Tea &amp;", "<i>cake</i>?</v>"], "settings": "line:0"
            }],
            "warnings": [], "sha256": sha256
        })
    );
}

#[test]
fn standard_input_is_read_and_repairs_are_listed_with_their_lines() {
    let srt = "1\n00:00:01,000 --> 00:00:02,000\n<i>Tea?\n\n7\n0:0:3.5 -> 0:0:4\nYes.";
    let output = run(&["inspect", "-"], srt.as_bytes());
    let shown = text(&output.stdout);
    for words in [
        "format    SRT",
        "cues      2, from 0:00:01.000 to 0:00:04.000",
        "line 6: irregular-time: ",
        "line 2: repaired-tags: ",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
    let json = run(&["inspect", "-", "--json"], srt.as_bytes());
    let report: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let warnings: Vec<(&str, u64)> = report["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|warning| (warning["code"].as_str().expect("a code"), warning["line"].as_u64().expect("a line")))
        .collect();
    assert_eq!(warnings, [("repaired-tags", 2), ("irregular-index", 6), ("irregular-time", 6)]);
}

#[test]
fn convert_writes_by_extension_and_says_what_was_lost() {
    let folder = Folder::new("convert");
    let vtt = folder.file("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Tea &amp; cake?\n");
    let out = folder.path("a.srt");
    let output = run(&["convert", &vtt, &out], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&out).expect("written"), "1\n00:00:01,000 --> 00:00:02,000\nTea & cake?\n\n");
    assert!(text(&output.stderr).contains("warning: lost-voice: "), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 2, "nothing unfinished is left");
}

#[test]
fn what_is_no_file_gives_a_sentence() {
    let folder = Folder::new("no-file");
    for path in [folder.path("none.srt"), folder.path(""), folder.path("none/none.srt")] {
        for arguments in [
            &["inspect", &path][..],
            &["convert", &path, "out.srt"],
            &["translate", &path, "--from", "en", "--to", "es"],
        ] {
            assert_is_a_sentence(&run(arguments, b""), "unreadable-input", &path);
        }
    }
}

#[test]
fn wrong_use_ends_with_1_and_a_sentence() {
    let folder = Folder::new("usage");
    let srt = folder.file("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nTea?\n");
    for (arguments, words) in [
        (&[][..], "Usage"),
        (&["inspect"], "FILE"),
        (&["inspect", &srt, "--language", "spanish!"], "BCP 47"),
        (&["convert", &srt, "out.doc"], "end it in .srt, .vtt, .ass"),
        (&["convert", &srt, "/no/such/folder/out.srt"], "cannot be written"),
        (&["inspect", &srt, "--frame-rate", "fast"], "23.976"),
        (&["destroy", &srt], "unrecognized subcommand"),
        (&["inspect", &srt, "--colour"], "unexpected argument"),
        (&["inspect", &srt, &srt], "unexpected argument"),
        (&["convert", &srt], "required arguments"),
        (&["translate", &srt, "--to", "es"], "--from"),
        (&["translate", &srt, "--from", "en", "--to", "es", "--engine", "nobody"], "this version knows"),
        (&["translate", &srt, "--from", "en", "--to", "es", "--glossary", "/no/such/names"], "/no/such/names"),
        (&["translate", &srt, "--from", "en", "--to", "spanish!"], "BCP 47"),
        (&["find", "film.mkv"], "--language"),
        (&["get", "film.mkv", "--language", "es", "--out", "film.doc"], "end it in"),
        (&["find", "film.mkv", "--language", "es", "--episode", "2"], "--season"),
        (&["find", "film.mkv", "--language", "es", "--imdb", "matrix"], "tt0133093"),
    ] {
        let output = run(arguments, b"");
        let shown = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{arguments:?}: {shown}");
        assert!(shown.contains(words) && !shown.contains("panicked"), "{arguments:?}: {shown}");
    }
    let help = run(&["--help"], b"");
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Exit codes"), "{}", text(&help.stdout));
}

#[test]
fn unreadable_input_ends_with_2_and_its_reason_code() {
    for (input, code) in [
        (&b""[..], "no-cue"),
        (b"<html>log in</html>", "not-a-subtitle"),
        (b"{\"quota\": 0}", "not-a-subtitle"),
        (b"Rar!\x1A\x07\x01\0", "unsupported-archive"),
        (b"PK\x03\x04broken", "damaged-archive"),
        (b"\x89PNG\r\n\x1A\n\0\0", "not-a-subtitle"),
        (b"\0\0\x01\xBA\x44", "image-based"),
        (b"{25}{50}Tea?", "frame-rate-unknown"),
        (b"\xFE\xFE\x01\x02\x03\x04", "undecodable-text"),
    ] {
        let output = run(&["inspect", "-", "--json"], input);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{code}");
        assert!(
            text(&output.stderr).starts_with(&format!("subtitles: {code}: '-' cannot be read: ")),
            "{}",
            text(&output.stderr)
        );
    }
    let missing = run(&["inspect", "/no/such/file.srt"], b"");
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("unreadable-input"), "{}", text(&missing.stderr));
}
