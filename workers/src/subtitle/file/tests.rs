//! From bytes to cues, all steps together.

use encoding_rs::WINDOWS_1255;
use subtitle_core::language::Language;

use super::{Declared, read};
use crate::subtitle::{Code, container};

fn declared(language: &Language) -> Declared<'_> {
    Declared { language: Some(language), ..Declared::default() }
}

#[test]
fn a_hebrew_file_in_an_old_archive_becomes_unicode_in_reading_order() {
    let language = Language::parse("he").expect("a tag");
    let text = "1\r\n00:00:01,000 --> 00:00:02,000\r\n?המצ םיימל תא םאה\r\n.ןכ\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n(ריש) .םולש\r\n";
    let (bytes, _, is_unmappable) = WINDOWS_1255.encode(text);
    assert!(!is_unmappable);
    let archive = container::tests::zip(&[(b"\xF9\xE9\xF8.srt", &bytes), (b"info.nfo", b"")]);
    let file = read(&archive, &declared(&language)).expect("a subtitle");
    let texts: Vec<&str> = file.subtitle.cues.iter().map(|cue| cue.text.as_str()).collect();
    assert_eq!(texts, ["האם את למיים צמה?\nכן.", "שלום. (שיר)"]);
    assert_eq!((file.charset, file.language, file.mismatch), ("windows-1255", Some(language), None));
    let codes: Vec<Code> = file.subtitle.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, [Code::ReorderedVisualHebrew]);
}

#[test]
fn another_language_than_declared_is_reported_and_named() {
    let language = Language::parse("ru").expect("a tag");
    let file = read("1\n00:00:01,000 --> 00:00:02,000\nWe should all go home now.\n".as_bytes(), &declared(&language));
    let file = file.expect("a subtitle");
    assert_eq!(file.mismatch.as_deref(), Some("Latin script"));
    assert_eq!(file.subtitle.warnings.last().map(|warning| warning.code), Some(Code::LanguageMismatch));
}

#[test]
fn every_step_has_its_reasons() {
    for (bytes, code) in [
        (&b"Rar!\x1A\x07\0"[..], "unsupported-archive"),
        (b"\xFE\xFE\xFE\xFE\x01\x02\x03", "undecodable-text"),
        (b"<html>log in</html>", "not-a-subtitle"),
        (b"hello", "no-cue"),
        (b"{1}{2}hello", "frame-rate-unknown"),
        (b"", "no-cue"),
    ] {
        assert_eq!(read(bytes, &Declared::default()).expect_err(code).code(), code);
    }
}
