//! Bytes of every kind; all text is our own.

use encoding_rs::{Encoding, WINDOWS_1255};
use proptest::prelude::*;

use super::{Decoded, decode};
use crate::subtitle::Code;
use subtitle_contract::language::Language;

fn language(tag: &str) -> Language {
    Language::parse(tag).expect("a tag")
}

fn decoded<'a>(bytes: &'a [u8], tag: &str) -> Decoded<'a> {
    decode(bytes, Some(&language(tag))).unwrap_or_else(|error| panic!("{tag}: {error}"))
}

fn encoded(text: &str, charset: &str) -> Vec<u8> {
    let (bytes, _, is_unmappable) = Encoding::for_label(charset.as_bytes()).expect("known").encode(text);
    assert!(!is_unmappable, "{charset}: {text}");
    bytes.into_owned()
}

#[test]
fn marks_win_over_everything_and_are_removed() {
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("Años".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(decoded(&utf16, "es").text, "Años");
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain("Años".encode_utf16().flat_map(u16::to_be_bytes)).collect();
    assert_eq!(decoded(&big, "es").charset, "UTF-16BE");
    let marked = decoded("\u{FEFF}Años".as_bytes(), "es");
    assert_eq!((marked.text.as_ref(), marked.has_mark), ("Años", true));
}

#[test]
fn utf16_without_a_mark_is_known_by_its_zeros() {
    let text = "1\r\n00:00:01,000 --> 00:00:02,000\r\nשלום, מה שלומך היום?\r\n\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!((decoded(&little, "he").text.as_ref(), decoded(&little, "he").charset), (text, "UTF-16LE"));
    assert_eq!((decoded(&big, "he").text.as_ref(), decoded(&big, "he").charset), (text, "UTF-16BE"));
    assert_eq!(decoded(&little[..little.len() - 1], "he").text, text[..text.len() - 1]);
    assert_eq!(decoded(b"WEBVTT\n\na\0b", "en").charset, "UTF-8");
}

#[test]
fn the_languages_code_pages_are_used_where_utf8_fails() {
    for (tag, text, charset) in [
        ("he", "שלום, מה שלומך?", "windows-1255"),
        ("ar", "صباح الخير يا آنا", "windows-1256"),
        ("fa", "صبح بخير آنا، کشتي ظهر مي\u{200C}رود", "windows-1256"),
        ("bg", "Добро утро, Анна, къде е капитанът?", "windows-1251"),
        ("mk", "Добро утро, Ана, ќе дојде ли тој?", "windows-1251"),
        ("cs", "Dobré ráno, přišel jsi příliš pozdě", "windows-1250"),
        ("cs", "Dobré ráno, přišel jsi příliš pozdě, žel", "ISO-8859-2"),
        ("hu", "Jó reggelt, őrült idő van, ugye?", "windows-1250"),
        ("ro", "Bună dimineaţa, căpitanul aşteaptă", "windows-1250"),
        ("hr", "Dobro jutro, čekaš li još uvijek? Žao mi je.", "windows-1250"),
        ("ru", "Доброе утро, Анна", "windows-1251"),
        ("ru", "Доброе утро, Анна", "KOI8-R"),
        ("uk", "Доброго ранку, моя люба Ганно, їжа є", "windows-1251"),
        ("el", "Καλημέρα, Άννα", "windows-1253"),
        ("pl", "Dzień dobry, żółw", "windows-1250"),
        ("pl", "Dzień dobry, żółw śpi", "ISO-8859-2"),
        ("el", "Καλημέρα, Άννα, πού είναι ο καπετάνιος", "ISO-8859-7"),
        ("tr", "Günaydın, şişeyi getir", "windows-1254"),
        ("es", "¿Dónde está el niño?", "windows-1252"),
        ("fr", "Où étiez-vous l'été passé ?", "windows-1252"),
        ("ja", "おはよう、元気ですか", "Shift_JIS"),
        ("ja", "おはよう、元気ですか", "EUC-JP"),
        ("ja", "おはよう、元気ですか", "ISO-2022-JP"),
        ("ko", "안녕하세요, 안나", "EUC-KR"),
        ("th", "สวัสดีตอนเช้า", "windows-874"),
        ("zh", "你好，我们今天去看海，好吗？", "gb18030"),
        ("zh", "你好，我們今天去看海，好嗎？", "Big5"),
        ("zh-Hant", "你好，我們今天去看海，好嗎？", "Big5"),
        ("sr", "Добро јутро, љубави", "windows-1251"),
        ("sr", "Reći ću ti nešto što već znaš", "windows-1250"),
    ] {
        let bytes = encoded(text, charset);
        let decoded = decoded(&bytes, tag);
        assert_eq!((decoded.text.as_ref(), decoded.charset), (text, charset), "{tag}");
    }
}

#[test]
fn a_detector_is_asked_where_the_language_is_unknown_or_wrong() {
    let text = "Привет, Анна. Мы сегодня пойдём смотреть на море, хорошо? Я так давно его не видел.";
    let bytes = encoded(text, "windows-1251");
    assert_eq!(decode(&bytes, None).expect("Cyrillic").text, text);
    assert_eq!(decoded(&bytes, "fr").text, text);
}

#[test]
fn double_encoding_is_undone_however_often_it_was_done() {
    let text = "¿Dónde está el niño? – «Aquí» ♪";
    let damaged =
        |text: &str| Encoding::for_label(b"windows-1252").expect("known").decode(text.as_bytes()).0.into_owned();
    let once = damaged(text);
    for damaged in [once.clone(), damaged(&once)] {
        let decoded = decoded(damaged.as_bytes(), "es");
        assert_eq!(decoded.text, text);
        assert_eq!(decoded.warnings[0].code, Code::RepairedDoubleEncoding);
    }
    let cyrillic = Encoding::for_label(b"windows-1251").expect("known").decode("Привет, Анна".as_bytes()).0;
    assert_eq!(decoded(cyrillic.as_bytes(), "ru").text, "Привет, Анна");
    for sound in [text, "Ã, disse o São João", "O sinal Ã© não é são, João", "Привет", "שלום", "Â", "日本"]
    {
        assert_eq!(decoded(sound.as_bytes(), "pt").warnings, [], "{sound}");
    }
}

#[test]
fn bytes_of_no_text_are_refused() {
    for bytes in [
        &[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0][..],
        &[0xC3, 0x28, 0x00, 0x01],
        &[0, 0, 1, 0xBA, 0x44, 0, 4, 0, 4, 1, 0, 0, 0xFF, 0xFF],
    ] {
        for tag in ["en", "he", "zh"] {
            assert!(decode(bytes, Some(&language(tag))).is_err(), "{tag}: {bytes:?}");
        }
        assert!(decode(bytes, None).is_err(), "{bytes:?}");
    }
    let noise: Vec<u8> = (0..400_u32).map(|at| u8::try_from(at * at * 31 % 251).unwrap_or_default() | 0x80).collect();
    let error = decode(&noise, Some(&language("es"))).expect_err("noise").to_string();
    assert!(error.contains("400 bytes") && error.contains("windows-1252"), "{error}");
}

#[test]
fn hebrew_bytes_are_hebrew_whatever_latin_language_was_declared() {
    let (hebrew, ..) = WINDOWS_1255.encode("שלום, מה שלומך היום? אני הולך לים עם אנה.");
    for tag in ["fr", "en", "es"] {
        assert_eq!(decoded(&hebrew, tag).charset, "windows-1255", "{tag}");
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300), tag in "(he|ru|zh|ja|pl|vi|xx)") {
        let _ = decode(&bytes, Some(&language(&tag)));
        let _ = decode(&bytes, None);
    }

    #[test]
    fn utf8_text_is_kept(text in "[a-z éñ♪שа-я一二。]{0,60}") {
        let decoded = decode(text.as_bytes(), None).expect("UTF-8");
        prop_assert_eq!(decoded.text.as_ref(), text.as_str());
    }
}
