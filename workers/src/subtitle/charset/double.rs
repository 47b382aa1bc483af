//! Double encoding: UTF-8 that was read in a code page and saved as UTF-8, so that `é` became `Ã©`. A text comes
//! in, what it was goes out.

use encoding_rs::{Encoding, WINDOWS_1252};
use subtitle_contract::language::Language;

use super::code_page::CodePages;

/// The text before it was damaged; none if it was not. A file may be damaged more than once.
pub(super) fn undone(text: &str, language: Option<&Language>) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let pages = language.map(CodePages::of);
    let encodings = pages.iter().flat_map(|pages| pages.encodings.iter().copied());
    let candidates: Vec<&'static Encoding> =
        std::iter::once(WINDOWS_1252).chain(encodings).filter(|encoding| encoding.is_single_byte()).collect();
    let once = |text: &str| candidates.iter().find_map(|encoding| undone_once(text, encoding));
    let mut undone = once(text)?;
    for _ in 0..2 {
        let Some(again) = once(&undone) else { break };
        undone = again;
    }
    Some(undone)
}

/// Undoes every run of characters that were one UTF-8 sequence or more; but only if hardly any letters beside
/// them look undamaged, for by chance one run may look like it.
fn undone_once(text: &str, encoding: &'static Encoding) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let (mut damaged, mut sound) = (0, 0);
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| !character.is_ascii()) {
        let length = rest[start..].find(|character: char| character.is_ascii()).unwrap_or(rest.len() - start);
        let run = &rest[start..start + length];
        written.push_str(&rest[..start]);
        if let Some(original) = original(run, encoding) {
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

fn original(run: &str, encoding: &'static Encoding) -> Option<String> {
    let mut bytes = Vec::with_capacity(run.len());
    for character in run.chars() {
        let mut buffer = [0; 4];
        let (encoded, _, is_unmappable) = encoding.encode(character.encode_utf8(&mut buffer));
        match (is_unmappable, u8::try_from(u32::from(character))) {
            (false, _) => bytes.extend_from_slice(&encoded),
            // Some programs leave the bytes that a code page does not use as they are.
            (true, Ok(byte @ 0x80..=0x9F)) => bytes.push(byte),
            _ => return None,
        }
    }
    let original = String::from_utf8(bytes).ok()?;
    // A control character is nothing that was ever typed.
    (original.chars().count() < run.chars().count() && !original.chars().any(char::is_control)).then_some(original)
}
