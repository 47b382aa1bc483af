//! How much a decoded text looks like a language. A text comes in, a number goes out: 1 where every letter above
//! ASCII is the language's own, 0.5 where they are only of its script, less where they are signs or of another. Pure.

use encoding_rs::Encoding;

use super::{
    code_page::CodePages,
    plausible::{is_binary, is_little_damage},
};
use crate::subtitle::language::script::Script;

/// The least score of a text that is believed.
const BELIEVED: f64 = 0.45;

impl CodePages {
    /// The bytes in the code page in which they look most like the language; `None` if no code page fits. A few of them may be
    /// damaged.
    pub(super) fn best(&self, bytes: &[u8]) -> Option<(String, &'static Encoding)> {
        let mut best: Option<(f64, String, &'static Encoding)> = None;
        for encoding in &self.encodings {
            let (text, is_malformed) = encoding.decode_without_bom_handling(bytes);
            if is_binary(&text) {
                continue;
            }
            if is_malformed {
                let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
                let marked = text.chars().filter(|character| !character.is_ascii()).count();
                if !is_little_damage(replaced, marked) {
                    continue;
                }
            }
            let score = score(&text, self);
            if score >= BELIEVED && best.as_ref().is_none_or(|(highest, ..)| score > *highest) {
                best = Some((score, text.into_owned(), *encoding));
            }
        }
        best.map(|(_, text, encoding)| (text, encoding))
    }
}

/// Scores a text that was decoded with one of a language's code pages.
fn score(text: &str, pages: &CodePages) -> f64 {
    let (mut sum, mut counted) = (0.0, 0_u32);
    let mut ascii_letters = 0_u32;
    let mut before = ' ';
    for character in text.chars() {
        if character.is_ascii() {
            ascii_letters += u32::from(character.is_ascii_alphabetic());
        } else if character.is_alphabetic() {
            counted += 1;
            sum += if pages.letters.contains(character)
                || character.to_lowercase().any(|low| pages.letters.contains(low))
            {
                1.0
            } else if pages.scripts.iter().any(|script| script.has(character)) {
                if pages.letters.is_empty() { 1.0 } else { 0.5 }
            } else {
                -1.0
            };
            // A capital inside a word is the mark of the wrong Cyrillic or Greek code page.
            if before.is_lowercase() && character.is_uppercase() {
                sum -= 1.0;
            }
            // So is a word of two alphabets.
            let is_mixing = matches!(Script::from_letter(character), Script::Cyrillic | Script::Greek);
            if is_mixing && before.is_ascii_alphabetic() {
                sum -= 1.0;
            }
        } else if !is_usual_sign(character) {
            counted += 1;
            sum -= 1.0;
        }
        before = character;
    }
    // Latin letters with marks are few among plain ones; a text of nothing else is of another script.
    let is_latin = pages.scripts == [Script::Latin];
    if is_latin && counted > 8 && counted > ascii_letters {
        return -1.0;
    }
    if counted == 0 { 1.0 } else { sum / f64::from(counted) }
}

/// Whether a text decoded without knowing its language is made of letters rather than signs, and of hardly more
/// than one script besides Latin.
pub(super) fn is_plausible(text: &str) -> bool {
    let (mut letters, mut signs, mut marked, mut plain) = (0_usize, 0_usize, 0_usize, 0_usize);
    for character in text.chars() {
        if character.is_ascii() {
            plain += usize::from(character.is_ascii_alphabetic());
        } else if character.is_alphabetic() {
            letters += 1;
            marked += usize::from(Script::from_letter(character) == Script::Latin);
        } else if !is_usual_sign(character) {
            signs += 1;
        }
    }
    signs * 5 <= letters + 5 && (marked <= plain || marked <= 8)
}

/// Signs that dialogue has in any language; vowel points and the like count as part of a letter.
fn is_usual_sign(character: char) -> bool {
    matches!(character,
        '\u{A0}' | '¡' | '¿' | '«' | '»' | '·' | '°' | '©' | '®' | '™' | '€' | '£' | '№' | '½' | '¼' | '¾' | '\u{AD}'
        | '\u{591}'..='\u{5C7}' | '\u{5F3}' | '\u{5F4}' | '\u{60C}' | '\u{61B}' | '\u{61F}' | '\u{64B}'..='\u{669}' | '\u{6F0}'..='\u{6F9}'
        | '\u{E31}'..='\u{E4E}' | '\u{300}'..='\u{36F}' | '\u{2010}'..='\u{2027}' | '\u{200B}'..='\u{200F}' | '\u{2030}'..='\u{203A}'
        | '♪' | '♫' | '♬' | '★' | '☆' | '\u{3000}'..='\u{303F}' | '\u{30FB}' | '\u{30FC}' | '\u{FF01}'..='\u{FF65}')
}
