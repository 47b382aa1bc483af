//! Which characters a file's bytes mean: bytes and the language they should be in come in, text goes out. The
//! order is byte order mark, strict UTF-8, then the language's usual legacy code page, accepted only if the
//! letters it gives are the language's own. UTF-16 without a mark is never guessed. Pure.

use encoding_rs::{
    EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};
use subtitle_core::language::Language;

/// A text and how it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Without a byte order mark.
    pub text: String,
    /// The charset's name (WHATWG), such as `windows-1255`.
    pub charset: &'static str,
}

/// Bytes that are no text in any charset the language uses.
#[derive(Debug, thiserror::Error)]
#[error("failed to decode {bytes} bytes: neither UTF-8 nor {charset}, the usual legacy charset of '{language}'")]
pub struct Undecodable {
    bytes: usize,
    charset: &'static str,
    language: String,
}

type Script = fn(char) -> bool;

fn legacy(language: &Language) -> (&'static Encoding, Script) {
    let latin: Script = |letter| letter < '\u{250}' || ('\u{1E00}'..'\u{1F00}').contains(&letter);
    match language.base() {
        "he" | "yi" => (WINDOWS_1255, |letter| ('\u{590}'..'\u{600}').contains(&letter)),
        "ar" | "fa" | "ur" => (WINDOWS_1256, |letter| ('\u{600}'..'\u{700}').contains(&letter)),
        "ru" | "uk" | "bg" | "mk" | "be" | "sr" => (WINDOWS_1251, |letter| ('\u{400}'..'\u{500}').contains(&letter)),
        "el" => (WINDOWS_1253, |letter| ('\u{370}'..'\u{400}').contains(&letter)),
        "th" => (WINDOWS_874, |letter| ('\u{E00}'..'\u{E80}').contains(&letter)),
        "ja" => (SHIFT_JIS, |letter| ('\u{3040}'..'\u{A000}').contains(&letter) || letter > '\u{FF00}'),
        "ko" => (EUC_KR, |letter| ('\u{AC00}'..'\u{D7B0}').contains(&letter)),
        "zh" => (GB18030, |letter| ('\u{3400}'..'\u{A000}').contains(&letter)),
        "tr" | "az" => (WINDOWS_1254, latin),
        "pl" | "cs" | "sk" | "hu" | "ro" | "hr" | "sl" | "bs" => (WINDOWS_1250, latin),
        "lt" | "lv" | "et" => (WINDOWS_1257, latin),
        "vi" => (WINDOWS_1258, latin),
        _ => (WINDOWS_1252, latin),
    }
}

/// Decodes a file that should be in `language`.
pub fn decode(bytes: &[u8], language: &Language) -> Result<Decoded, Undecodable> {
    let (legacy, is_own_letter) = legacy(language);
    let undecodable =
        || Undecodable { bytes: bytes.len(), charset: legacy.name(), language: language.as_str().to_owned() };
    let (encoding, marked) = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => (encoding, true),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, false),
        None => (legacy, false),
    };
    let (text, malformed) = encoding.decode_with_bom_removal(bytes);
    let binary = text.chars().any(|character| matches!(character, '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}'));
    if malformed || binary {
        return Err(undecodable());
    }
    if !marked && encoding != UTF_8 {
        // Only bytes above ASCII tell code pages apart.
        let mut letters = text.chars().filter(|character| !character.is_ascii() && character.is_alphabetic());
        let (own, all) =
            letters.by_ref().fold((0, 0), |(own, all), letter| (own + usize::from(is_own_letter(letter)), all + 1));
        if own * 10 < all * 9 {
            return Err(undecodable());
        }
    }
    Ok(Decoded { text: text.into_owned(), charset: encoding.name() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        Language::parse(tag).expect("a tag")
    }

    #[test]
    fn marks_win_over_everything_and_are_removed() {
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("Años".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&utf16, &language("es")).expect("UTF-16").text, "Años");
        let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain("Años".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(decode(&big, &language("es")).expect("UTF-16").charset, "UTF-16BE");
        assert_eq!(decode("\u{FEFF}Años".as_bytes(), &language("es")).expect("UTF-8").text, "Años");
    }

    #[test]
    fn the_languages_legacy_code_page_is_used_where_utf8_fails() {
        for (tag, text, charset) in [
            ("he", "שלום, מה שלומך?", "windows-1255"),
            ("ru", "Доброе утро", "windows-1251"),
            ("el", "Καλημέρα", "windows-1253"),
            ("pl", "Dzień dobry, żółw", "windows-1250"),
            ("es", "¿Dónde está el niño?", "windows-1252"),
            ("ja", "おはよう", "Shift_JIS"),
        ] {
            let (bytes, _, unmappable) = Encoding::for_label(charset.as_bytes()).expect("known").encode(text);
            assert!(!unmappable, "{tag}");
            let decoded = decode(&bytes, &language(tag)).expect(tag);
            assert_eq!((decoded.text.as_str(), decoded.charset), (text, charset));
        }
    }

    #[test]
    fn bytes_of_another_language_or_of_no_text_are_refused() {
        let (hebrew, ..) = WINDOWS_1255.encode("שלום, מה שלומך?");
        assert!(decode(&hebrew, &language("ru")).is_err() || decode(&hebrew, &language("ja")).is_err());
        assert!(decode(&[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0], &language("en")).is_err());
        assert!(decode(&[0xC3, 0x28, 0x00, 0x01], &language("en")).is_err());
    }
}
