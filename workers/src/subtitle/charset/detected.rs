//! The charset of a text whose language is not known, or that is not in its language's: bytes come in, what a detector
//! guesses goes out, if it looks like a text. Pure.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use super::{
    plausible::{is_binary, is_little_damage},
    score,
};

/// In how many pieces a text is looked at.
const PIECES: usize = 4;
/// How many pieces must agree against the guess for the whole.
const MAJORITY: usize = 3;

/// Decodes with what the detector guesses. It rules a charset out for one damaged byte; so pieces of the text are
/// asked too, and if most of them agree, the damage is in the others.
pub(super) fn detect(bytes: &[u8]) -> Option<(String, &'static Encoding)> {
    let whole = guess(bytes);
    let guesses: Vec<&'static Encoding> = pieces(bytes).into_iter().map(guess).collect();
    let votes = |encoding: &&&'static Encoding| guesses.iter().filter(|guess| *guess == *encoding).count();
    let other = guesses.iter().max_by_key(votes).filter(|encoding| votes(encoding) >= MAJORITY);
    let candidates = other.filter(|other| **other != whole).into_iter().copied().chain([whole]);
    candidates.into_iter().find_map(|encoding| {
        let (text, is_malformed) = encoding.decode_without_bom_handling(bytes);
        let replaced = if is_malformed { text.matches(char::REPLACEMENT_CHARACTER).count() } else { 0 };
        let marked = text.chars().filter(|character| !character.is_ascii()).count();
        let is_text = is_little_damage(replaced, marked) && !is_binary(&text) && score::is_plausible(&text);
        is_text.then(|| (text.into_owned(), encoding))
    })
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// The lines with other bytes than ASCII, in pieces of about the same length; none of a short text.
fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let size = bytes.len().div_ceil(PIECES).max(1);
    let mut pieces: Vec<&[u8]> = Vec::with_capacity(PIECES);
    let (mut start, mut at) = (0, 0);
    for line in lines {
        at += line.len();
        if at - start >= size || at == bytes.len() {
            pieces.push(&bytes[start..at]);
            start = at;
        }
    }
    pieces.retain(|piece| !piece.is_ascii());
    pieces
}
