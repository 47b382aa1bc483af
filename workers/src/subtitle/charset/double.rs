//! Texts that were decoded wrongly and saved as UTF-8: UTF-8 as a code page, so that `é` became `Ã©`, or one code page
//! as another. A text comes in, what it was goes out. Pure.

use encoding_rs::{Encoding, WINDOWS_1252};
use subtitle_contract::language::Language;

use super::code_page::CodePages;
use crate::subtitle::language::script::Script;

/// The byte of each character above ASCII in a code page, ordered by character.
struct Bytes(Vec<(char, u8)>);

impl Bytes {
    fn new(encoding: &'static Encoding) -> Self {
        let character = |byte: u8| encoding.decode_without_bom_handling(&[byte]).0.chars().next();
        let mut bytes: Vec<(char, u8)> = (0x80..=0xFF)
            .filter_map(|byte| Some((character(byte)?, byte)))
            .filter(|(character, _)| *character != char::REPLACEMENT_CHARACTER)
            .collect();
        bytes.sort_unstable();
        Self(bytes)
    }

    fn byte(&self, character: char) -> Option<u8> {
        match self.0.binary_search_by_key(&character, |(character, _)| *character) {
            Ok(at) => Some(self.0[at].1),
            // Some programs leave the bytes that a code page does not use as they are.
            Err(_) => u8::try_from(u32::from(character)).ok().filter(|byte| (0x80..=0x9F).contains(byte)),
        }
    }
}

/// The text before it was damaged; `None` if it was not. A file may be damaged more than once.
pub(super) fn undone(text: &str, language: Option<&Language>) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let pages = language.map(CodePages::new);
    let encodings = pages.iter().flat_map(|pages| pages.encodings.iter().copied());
    let candidates: Vec<Bytes> = std::iter::once(WINDOWS_1252)
        .chain(encodings.filter(|encoding| *encoding != WINDOWS_1252 && encoding.is_single_byte()))
        .map(Bytes::new)
        .collect();
    let once = |text: &str| candidates.iter().find_map(|bytes| undone_once(text, bytes));
    let mut undone = once(text)?;
    for _ in 0..2 {
        let Some(again) = once(&undone) else { break };
        undone = again;
    }
    Some(undone)
}

/// The text in its language's code page, for one that was read as Western European: `Êòî` for `Кто`. Only languages
/// without Latin letters tell that for certain.
pub(super) fn reread(text: &str, language: Option<&Language>) -> Option<String> {
    let pages = CodePages::new(language?);
    let is_own = |character: char| pages.scripts.iter().any(|script| script.has(character));
    let has_own = |text: &str| text.chars().any(|character| !character.is_ascii() && is_own(character));
    if text.is_ascii() || pages.scripts.contains(&Script::Latin) || has_own(text) {
        return None;
    }
    let western = Bytes::new(WINDOWS_1252);
    let mut bytes = Vec::with_capacity(text.len());
    let (mut plain, mut marked) = (0, 0);
    for character in text.chars() {
        if character.is_ascii() {
            plain += usize::from(character.is_ascii_alphabetic());
            bytes.push(u8::try_from(character).ok()?);
        } else {
            marked += 1;
            bytes.push(western.byte(character)?);
        }
    }
    // A text in a language with Latin letters has few with marks.
    (marked > plain).then(|| pages.best(&bytes)).flatten().map(|(text, _)| text).filter(|text| has_own(text))
}

/// Undoes every run of characters that were one UTF-8 sequence or more; but only if hardly any letters beside
/// them look undamaged, for by chance one run may look like it.
fn undone_once(text: &str, code_page: &Bytes) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let (mut damaged, mut sound) = (0, 0);
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| !character.is_ascii()) {
        let length = rest[start..].find(|character: char| character.is_ascii()).unwrap_or(rest.len() - start);
        let run = &rest[start..start + length];
        written.push_str(&rest[..start]);
        if let Some(original) = original(run, code_page) {
            damaged += 1;
            written.push_str(&original);
        } else {
            sound += usize::from(run.chars().any(char::is_alphabetic));
            written.push_str(run);
        }
        rest = &rest[start + length..];
    }
    written.push_str(rest);
    (damaged > 0 && damaged >= sound * 10).then_some(written)
}

fn original(run: &str, code_page: &Bytes) -> Option<String> {
    let bytes: Option<Vec<u8>> = run.chars().map(|character| code_page.byte(character)).collect();
    let original = String::from_utf8(bytes?).ok()?;
    // A control character is nothing that was ever typed.
    (original.chars().count() < run.chars().count() && !original.chars().any(char::is_control)).then_some(original)
}
