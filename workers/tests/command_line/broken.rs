//! Files that are broken, each in its own way: every command ends with one sentence.

use std::{io::Write as _, path::PathBuf, process::Output};

use super::{Folder, run, text};

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
pub(super) fn assert_is_a_sentence(output: &Output, code: &str, what: &str) {
    let shown = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{what}: {shown}");
    assert!(output.stdout.is_empty(), "{what}: {}", text(&output.stdout));
    assert!(shown.starts_with(&format!("subtitles: {code}: ")) && shown.ends_with('\n'), "{what}: {shown}");
    assert_eq!(shown.lines().count(), 1, "{what}: {shown}");
    for trace in ["panicked", "RUST_BACKTRACE", "unwrap", "Error {", ".rs:", "Err("] {
        assert!(!shown.contains(trace), "{what}: {shown}");
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
