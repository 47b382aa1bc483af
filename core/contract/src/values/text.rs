//! Text from outside, made safe to print: control and direction-changing characters out, length capped.
//! Pure; used before anything foreign reaches a status, an event or a log.

/// The most characters a message may have.
pub const LONGEST_MESSAGE: usize = 1024;

/// Replaces control characters by spaces, drops characters that change direction or are invisible, and cuts
/// after `longest` characters with an ellipsis.
pub fn clean(text: &str, longest: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(longest * 4));
    let visible = text.chars().filter(|character| !matches!(*character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'));
    for (count, character) in visible.enumerate() {
        if count == longest.saturating_sub(1) && text.chars().count() > longest {
            cleaned.push('…');
            break;
        }
        cleaned.push(if character.is_control() { ' ' } else { character });
    }
    cleaned.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_do_not_survive() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d", 100), "a [31mb cd");
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis() {
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("abcd", 4), "abcd");
    }
}
