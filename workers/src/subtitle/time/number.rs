//! Cue numbers as real files have them, and what programs and translators made of them: a line comes in, whether it
//! can be a number goes out. Pure.

use super::characters::{digit, is_invisible};

/// The longest cue number, in characters: `Cue 1024`, `[12]`, `1024个`.
const MAX_DIGITS: usize = 16;

/// Whether a line is digits, with a sign, dots, brackets or zeros that do not belong there.
pub(in crate::subtitle) fn is_index(text: &str) -> bool {
    let text = text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character));
    let digits = text.trim_start_matches(['-', '#', '[', '(']).trim_end_matches(['.', ')', ']', ':']);
    !digits.is_empty()
        && digits.chars().all(|character| digit(character).is_some() || character == '.')
        && digits.chars().any(|character| character != '.')
}

/// Whether a line that stands alone in front of a time line is its number: a word or two with a number in any script
/// among them, and no sentence.
pub(in crate::subtitle) fn is_cue_number(text: &str) -> bool {
    is_token(text, 3) && text.chars().any(|character| character.is_numeric() || is_numeral(character))
}

/// Whether a line is a single short word, as a translator writes a number.
pub(in crate::subtitle) fn is_bare_word(text: &str) -> bool {
    is_token(text, 1) && text.chars().all(char::is_alphanumeric)
}

fn is_token(text: &str, words: usize) -> bool {
    let ends_sentence = |character: char| "?!…,\"“”«»¿¡。、，！？♪<>{}".contains(character);
    !text.is_empty()
        && text.chars().take(MAX_DIGITS + 1).count() <= MAX_DIGITS
        && !text.contains(ends_sentence)
        && text.split_whitespace().count() <= words
}

const fn is_numeral(character: char) -> bool {
    matches!(
        character,
        '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千' | '零' | '〇' | '两'
    )
}
