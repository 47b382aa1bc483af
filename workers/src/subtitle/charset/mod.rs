//! Which characters a file's bytes mean: bytes and the language they should be in come in, text goes out.
//!
//! ```text
//! byte order mark ─▶ UTF-16 without one ─▶ UTF-8 ─▶ damaged UTF-8 ─▶ the language's code pages ─▶ detector ─▶ Undecodable
//!                                            └─▶ double encoding undone
//! ```
//!
//! UTF-16 and ISO-2022-JP come before UTF-8 only because their bytes are valid there. What the language says beats what
//! a detector guesses: a few accented letters look alike in a dozen code pages. A few damaged bytes change no charset:
//! each becomes U+FFFD and is counted in a warning. Pure.

mod code_page;
mod damaged;
mod detected;
mod double;
mod plausible;
mod score;
mod utf16;

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8};
use subtitle_contract::language::Language;

use super::warning::{Code, Warning};
use code_page::CodePages;
use plausible::{is_binary, is_little_damage};

/// A text and how it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Without a byte order mark.
    pub text: Cow<'a, str>,
    /// The charset's name (WHATWG), such as `windows-1255`; that of most lines where there are two.
    pub charset: &'static str,
    /// Whether the bytes began with UTF-8's byte order mark.
    pub has_mark: bool,
    /// What was repaired.
    pub warnings: Vec<Warning>,
}

/// Bytes that are not text in any charset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "failed to decode {bytes} bytes: they are neither Unicode nor text in {tried}; is the file a subtitle, and in the declared language?"
)]
pub struct UndecodableText {
    bytes: usize,
    tried: String,
}

/// Decodes a file that should be in `language`.
pub fn decode<'a>(bytes: &'a [u8], language: Option<&Language>) -> Result<Decoded<'a>, UndecodableText> {
    let pages = language.map(CodePages::new);
    let decoded = unicode(bytes, language, pages.as_ref()).or_else(|| legacy(bytes, pages.as_ref()));
    decoded.filter(|decoded| !is_binary(&decoded.text)).ok_or_else(|| {
        let names: Vec<&str> = pages.iter().flat_map(|pages| &pages.encodings).map(|one| one.name()).collect();
        let tried = if names.is_empty() { "any charset that a detector knows".to_owned() } else { names.join(", ") };
        UndecodableText { bytes: bytes.len(), tried }
    })
}

/// What stands between the parts while they are decoded together: no text has a vertical tab on a line of its own.
const SEPARATOR: &str = "\n\u{B}\n";

/// Decodes parts of one text, such as the blocks of a track, by the same rules as a file: the charset is that of all
/// of them together. The result has as many texts as there are parts.
pub fn decode_parts(
    parts: &[&[u8]],
    language: Option<&Language>,
) -> Result<(Vec<String>, &'static str, Vec<Warning>), UndecodableText> {
    let joined = parts.join(SEPARATOR.as_bytes());
    let Decoded { text, charset, warnings, .. } = decode(&joined, language)?;
    let texts: Vec<String> = text.split(SEPARATOR).map(str::to_owned).collect();
    if texts.len() == parts.len() || parts.is_empty() {
        return Ok((texts.into_iter().take(parts.len()).collect(), charset, warnings));
    }
    // A part has the separator in it.
    let texts = parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    Ok((texts, UTF_8.name(), warnings))
}

fn unicode<'a>(bytes: &'a [u8], language: Option<&Language>, pages: Option<&CodePages>) -> Option<Decoded<'a>> {
    if let Some((text, charset)) = utf16::utf32(bytes) {
        return Some(Decoded { text: text.into(), charset, has_mark: false, warnings: Vec::new() });
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let bytes = &bytes[length..];
        // Some programs put the mark of UTF-16 in front of UTF-8, which has no zeros.
        let is_wrong = || memchr::memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok();
        if encoding == UTF_8 || is_wrong() {
            return Some(utf8(bytes, pages, true)?.with_mark().repaired(language));
        }
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
        let decoded = Decoded { text, charset: encoding.name(), has_mark: false, warnings: replaced_bytes(replaced) };
        return is_little_damage(replaced, bytes.len() / 2).then_some(decoded);
    }
    if let Some((text, charset)) = utf16::decode(bytes) {
        return Some(Decoded { text: text.into(), charset, has_mark: false, warnings: Vec::new() });
    }
    if let Some(text) = seven_bit(bytes) {
        return Some(Decoded { text: text.into(), charset: ISO_2022_JP.name(), has_mark: false, warnings: Vec::new() });
    }
    Some(utf8(bytes, pages, false)?.repaired(language))
}

/// UTF-8, perhaps damaged. Damage is only believed where there is much more that is sound, or a mark.
fn utf8<'a>(bytes: &'a [u8], pages: Option<&CodePages>, is_sure: bool) -> Option<Decoded<'a>> {
    let charset = UTF_8.name();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Decoded { text: text.into(), charset, has_mark: false, warnings: Vec::new() });
    }
    let damaged::Mixed { text, replaced, other_lines } = damaged::decode(bytes, pages, is_sure)?;
    let mut warnings = replaced_bytes(replaced);
    if other_lines > 0 {
        let message = format!("{}: {other_lines} lines", Code::MixedCharsets.meaning());
        warnings.push(Warning::whole(Code::MixedCharsets, message));
    }
    Some(Decoded { text: text.into(), charset, has_mark: false, warnings })
}

/// A charset of before Unicode: the language's own, else what a detector guesses.
fn legacy(bytes: &[u8], pages: Option<&CodePages>) -> Option<Decoded<'static>> {
    let found = pages.and_then(|pages| pages.best(bytes)).or_else(|| detected::detect(bytes));
    let (text, encoding) = found?;
    let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
    Some(Decoded { text: text.into(), charset: encoding.name(), has_mark: false, warnings: replaced_bytes(replaced) })
}

fn replaced_bytes(count: usize) -> Vec<Warning> {
    let message = || format!("{} ({count}×)", Code::ReplacedBytes.meaning());
    if count == 0 { Vec::new() } else { vec![Warning::whole(Code::ReplacedBytes, message())] }
}

impl Decoded<'_> {
    fn with_mark(mut self) -> Self {
        self.has_mark = true;
        self
    }

    /// Undoes what a program did that took UTF-8 for a code page and saved the result as UTF-8.
    fn repaired(mut self, language: Option<&Language>) -> Self {
        let undone = double::undone(&self.text, language).or_else(|| double::reread(&self.text, language));
        if let Some(text) = undone {
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

#[cfg(test)]
mod tests;
