//! The `subtitles` command as a person or a script meets it: real process, real files.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

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

/// A zip as it is served: with an entry for each name.
fn zipped(names: &[&str], bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("starts");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

/// Files that are broken, each in its own way, with the code that says how.
fn broken() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let srt = b"1\n00:00:01,000 --> 00:00:02,000\nTea?\n\n";
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() - 30);
        bytes
    };
    let mut encrypted = zipped(&["film.srt"], srt);
    for start in [&b"PK\x03\x04"[..], b"PK\x01\x02"] {
        let at = encrypted.windows(4).position(|four| four == start).expect("a header");
        encrypted[at + if start[2] == 3 { 6 } else { 8 }] |= 1;
    }
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).expect("written");
        gzip.finish().expect("a gzip file")
    };
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let noise = (0..4000_u32).map(|at| u8::try_from(at * at * 31 % 251).unwrap_or_default()).collect();
    vec![
        ("nothing", Vec::new(), "no-cue"),
        ("a mark and nothing", "\u{FEFF}".into(), "no-cue"),
        ("blank lines", b"\r\n \r\n".to_vec(), "no-cue"),
        ("a letter", b"Dear Anna,\nthe boat leaves at noon.\n".to_vec(), "no-cue"),
        ("an SRT without a text", b"1\n00:00:01,000 --> 00:00:02,000\n\n".to_vec(), "no-cue"),
        ("a WebVTT of comments", b"WEBVTT\n\nNOTE nothing yet\n".to_vec(), "no-cue"),
        ("a WebVTT of bad times", b"WEBVTT\n\n1:x --> 3:y\nTea?\n".to_vec(), "no-cue"),
        (
            "an ASS of a drawing",
            b"[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{\\p1}m 0 0\n"
                .to_vec(),
            "no-cue",
        ),
        ("an ASS without events", b"[Script Info]\nTitle: Harbour\n".to_vec(), "no-cue"),
        ("a SubViewer head", b"[INFORMATION]\n[TITLE]Harbour\n[END INFORMATION]\n".to_vec(), "no-cue"),
        ("a UTF-16 letter", utf16("\u{FEFF}Dear Anna"), "no-cue"),
        ("a MicroDVD without a rate", b"{25}{50}Tea?\n".to_vec(), "frame-rate-unknown"),
        ("a page", b"<!DOCTYPE html><html>log in</html>".to_vec(), "not-a-subtitle"),
        ("an answer", b"{\"message\": \"quota\"}".to_vec(), "not-a-subtitle"),
        ("XML", b"<?xml version=\"1.0\"?><error/>".to_vec(), "not-a-subtitle"),
        ("closed captions", b"Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420\n".to_vec(), "unsupported-format"),
        ("a picture", b"\x89PNG\r\n\x1A\n\0\0".to_vec(), "not-a-subtitle"),
        ("a film", b"\x1A\x45\xDF\xA3\x01".to_vec(), "not-a-subtitle"),
        ("a VobSub stream", b"\0\0\x01\xBA\x44".to_vec(), "image-based"),
        ("a VobSub index", b"# VobSub index file, v7\nsize: 720x576\n".to_vec(), "image-based"),
        ("a PGS stream", b"PG\0\0\0\x01".to_vec(), "image-based"),
        ("a rar 4", b"Rar!\x1A\x07\0rest".to_vec(), "unsupported-archive"),
        ("a rar 5", b"Rar!\x1A\x07\x01\0rest".to_vec(), "unsupported-archive"),
        ("a 7z", b"7z\xBC\xAF\x27\x1C\0".to_vec(), "unsupported-archive"),
        ("an encrypted zip", encrypted, "encrypted-archive"),
        ("a cut zip", cut(zipped(&["film.srt"], srt)), "damaged-archive"),
        ("a cut gzip file", cut(gzip(srt)), "damaged-archive"),
        ("a zip of notes", zipped(&["read me.nfo", "notes.txt"], b"thanks"), "no-subtitle-in-archive"),
        ("a zip of two parts", zipped(&["film.cd1.srt", "film.cd2.srt"], srt), "several-parts"),
        ("a bomb", gzip(&vec![b'a'; 40 << 20]), "too-large"),
        ("too much", vec![b' '; 40 << 20], "too-large"),
        ("noise", noise, "undecodable-text"),
    ]
}

/// What a person reads is one sentence with the code, and no trace of a program.
fn assert_is_a_sentence(output: &Output, code: &str, what: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{what}: {said}");
    assert!(output.stdout.is_empty(), "{what}: {}", text(&output.stdout));
    assert!(said.starts_with(&format!("subtitles: {code}: ")) && said.ends_with('\n'), "{what}: {said}");
    assert_eq!(said.lines().count(), 1, "{what}: {said}");
    for trace in ["panicked", "RUST_BACKTRACE", "unwrap", "Error {", ".rs:", "Err("] {
        assert!(!said.contains(trace), "{what}: {said}");
    }
}

#[test]
fn broken_files_of_every_kind_give_each_command_a_sentence() {
    let folder = Folder::new("broken");
    let out = folder.path("out.srt");
    for (at, (what, bytes, code)) in broken().into_iter().enumerate() {
        let file = folder.file(&format!("{at}.srt"), &bytes);
        for arguments in [
            &["inspect", &file][..],
            &["inspect", &file, "--json", "--language", "en"],
            &["convert", &file, &out],
            &["translate", &file, "--from", "en", "--to", "es", "--out", &out],
        ] {
            assert_is_a_sentence(&run(arguments, b""), code, &format!("{what}, {}", arguments[0]));
        }
        assert_is_a_sentence(&run(&["inspect", "-"], &bytes), code, what);
        assert!(!PathBuf::from(&out).exists(), "{what}: nothing is written");
        // Beside a film it is what there is, and of no use.
        folder.file("film.mkv", "no Matroska");
        folder.file("film.en.srt", &bytes);
        let got = run(&["get", &folder.path("film.mkv"), "--language", "en", "--source", "library"], b"");
        let reason = if code == "undecodable-text" { "UndecodableText" } else { "UnusableSubtitle" };
        assert_is_a_sentence(&got, reason, &format!("{what}, get"));
    }
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
    ] {
        let output = run(arguments, b"");
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{arguments:?}: {said}");
        assert!(said.contains(words) && !said.contains("panicked"), "{arguments:?}: {said}");
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
