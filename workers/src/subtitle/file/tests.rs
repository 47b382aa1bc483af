//! From bytes to cues, all steps together.

use encoding_rs::WINDOWS_1255;
use subtitle_contract::language::Language;

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
fn files_of_every_format_are_read_in_utf_16() {
    for (name, text) in [
        ("SRT", "1\r\n00:00:01,000 --> 00:00:02,000\r\nTé y pastel\r\n"),
        ("WebVTT", "WEBVTT\n\n00:01.000 --> 00:02.000\nTé y pastel\n"),
        ("ASS", "[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Té y pastel\n"),
        ("MicroDVD", "{1}{1}25\n{25}{50}Té y pastel\n"),
    ] {
        let units: Vec<u16> = std::iter::once(0xFEFF).chain(text.encode_utf16()).collect();
        let little: Vec<u8> = units.iter().copied().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units.iter().copied().flat_map(u16::to_be_bytes).collect();
        for bytes in [&little[..], &little[2..], &big, &big[2..]] {
            let file = read(bytes, &Declared::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(file.subtitle.cues.len(), 1, "{name}");
            let cue = &file.subtitle.cues[0];
            assert_eq!((cue.start, cue.end, cue.text.as_str()), (1000, 2000, "Té y pastel"), "{name}");
        }
    }
}

#[test]
fn hebrew_of_the_visual_charset_is_turned_like_that_of_windows() {
    // ISO 8859-8 has its letters where windows-1255 has them.
    let line = |text: &str| {
        text.chars().map(|letter| u8::try_from(u32::from(letter) - 0x05D0 + 0xE0).unwrap_or(b' ')).collect::<Vec<u8>>()
    };
    let words = |text: &str| text.split(' ').map(line).collect::<Vec<_>>().join(&b' ');
    let mut bytes = b"1\n00:00:01,000 --> 00:00:02,000\n".to_vec();
    bytes.extend(words("םולש ןתנוי ךלוה םיל"));
    let language = Language::parse("he").expect("a tag");
    let file = read(&bytes, &declared(&language)).expect("a subtitle");
    assert_eq!(file.subtitle.cues[0].text, "לים הולך יונתן שלום");
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
