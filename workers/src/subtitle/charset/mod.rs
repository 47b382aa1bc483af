//! Which characters a file's bytes mean: bytes and the language they should be in come in, text goes out. Pure.
//!
//! ```text
//! byte order mark ─▶ UTF-16 without one ─▶ strict UTF-8 ─▶ the language's code pages ─▶ detector ─▶ Undecodable
//!                                             └─▶ double encoding undone
//! ```
//!
//! UTF-16 and ISO-2022-JP come before UTF-8 only because their bytes are valid there. What the language says beats what a detector
//! believes: a few accented letters look alike in a dozen code pages.

mod code_page;
mod double;
mod score;
mod utf16;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8};
use subtitle_contract::language::Language;

use super::warning::{Code, Warning};
use code_page::CodePages;

/// A text and how it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Without a byte order mark.
    pub text: Cow<'a, str>,
    /// The charset's name (WHATWG), such as `windows-1255`.
    pub charset: &'static str,
    /// Whether the bytes began with UTF-8's byte order mark.
    pub has_mark: bool,
    /// What was repaired.
    pub warnings: Vec<Warning>,
}

/// Bytes that are no text in any charset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "failed to decode {bytes} bytes: they are neither Unicode nor text in {tried}; is the file a subtitle, and in the language it says?"
)]
pub struct Undecodable {
    bytes: usize,
    tried: String,
}

/// Decodes a file that should be in `language`.
pub fn decode<'a>(bytes: &'a [u8], language: Option<&Language>) -> Result<Decoded<'a>, Undecodable> {
    let pages = language.map(CodePages::of);
    let undecodable = || {
        let names: Vec<&str> = pages.iter().flat_map(|pages| &pages.encodings).map(|one| one.name()).collect();
        let tried = if names.is_empty() { "any charset that a detector knows".to_owned() } else { names.join(", ") };
        Undecodable { bytes: bytes.len(), tried }
    };
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, is_malformed) = encoding.decode_without_bom_handling(&bytes[length..]);
        if is_malformed || is_binary(&text) {
            return Err(undecodable());
        }
        let has_mark = encoding == UTF_8;
        let decoded = Decoded { text, charset: encoding.name(), has_mark, warnings: Vec::new() };
        return Ok(if has_mark { decoded.repaired(language) } else { decoded });
    }
    if let Some((text, charset)) = utf16::decode(bytes) {
        return Ok(Decoded { text: text.into(), charset, has_mark: false, warnings: Vec::new() });
    }
    if let Some(text) = seven_bit(bytes) {
        return Ok(Decoded { text: text.into(), charset: ISO_2022_JP.name(), has_mark: false, warnings: Vec::new() });
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if is_binary(text) {
            return Err(undecodable());
        }
        let decoded = Decoded { text: text.into(), charset: UTF_8.name(), has_mark: false, warnings: Vec::new() };
        return Ok(decoded.repaired(language));
    }
    let found = pages.as_ref().and_then(|pages| pages.best(bytes)).or_else(|| detected(bytes));
    let (text, encoding) = found.ok_or_else(undecodable)?;
    Ok(Decoded { text: text.into(), charset: encoding.name(), has_mark: false, warnings: Vec::new() })
}

impl Decoded<'_> {
    /// Undoes what a program did that took UTF-8 for a code page and saved the result as UTF-8.
    fn repaired(mut self, language: Option<&Language>) -> Self {
        if let Some(text) = double::undone(&self.text, language) {
            self.text = Cow::Owned(text);
            self.warnings.push(Warning::new(Code::RepairedDoubleEncoding, 0));
        }
        self
    }
}

/// ISO-2022-JP is all ASCII but for what stands between escape sequences, which no other text has.
fn seven_bit(bytes: &[u8]) -> Option<String> {
    memchr::memmem::find(bytes, b"\x1B$")?;
    let (text, is_malformed) = ISO_2022_JP.decode_without_bom_handling(bytes);
    (!is_malformed && bytes.is_ascii()).then(|| text.into_owned())
}

/// What a detector believes, if the result looks like a text at all.
fn detected(bytes: &[u8]) -> Option<(String, &'static Encoding)> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let (text, is_malformed) = encoding.decode_without_bom_handling(bytes);
    let is_text = !is_malformed && !is_binary(&text) && score::is_plausible(&text);
    is_text.then(|| (text.into_owned(), encoding))
}

/// Whether there are more control characters than a damaged text has.
fn is_binary(text: &str) -> bool {
    let is_control = |character: &char| matches!(character, '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}');
    let has_any = text.bytes().any(|byte| byte < 0x20 && !byte.is_ascii_whitespace() || byte == 0x7F || byte == 0xC2);
    has_any && {
        let controls = text.chars().filter(is_control).count();
        controls > 1 + text.len() / 50
    }
}

#[cfg(test)]
mod tests;
