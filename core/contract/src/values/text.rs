//! Sanitizes untrusted text before it reaches a status, an event or a log: removes control and bidirectional characters, limits
//! the length. Pure.

/// Maximum length of a message in characters.
pub const MAX_MESSAGE_CHARS: usize = 1024;

/// Whether a character is invisible, or changes the direction or the look of what stands around it: marks, embeddings and
/// isolates of bidirectional text, joiners, fillers, variation selectors and tags.
const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a character breaks a line or controls a terminal.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Replaces control characters and line breaks with spaces, drops characters that change direction or are invisible, truncates
/// to `max_chars` characters, the last of which is then an ellipsis, and trims white space at both ends.
pub fn sanitize(text: &str, max_chars: usize) -> String {
    let mut visible = text.chars().filter(|character| !is_hidden(*character));
    let mut cleaned = String::with_capacity(text.len().min(max_chars.saturating_mul(4)));
    cleaned
        .extend(visible.by_ref().take(max_chars).map(|character| if is_control(character) { ' ' } else { character }));
    if visible.next().is_some() {
        cleaned.pop();
        cleaned.push('…');
    }
    cleaned.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_do_not_survive() {
        assert_eq!(sanitize("a\u{1b}[31mb\nc\u{202e}d", 100), "a [31mb cd");
        assert_eq!(sanitize("a\u{2028}b\u{2029}c\u{85}d", 100), "a b c d");
        let hidden = ['\u{61c}', '\u{200e}', '\u{2066}', '\u{206a}', '\u{e0041}', '\u{e0100}', '\u{ad}', '\u{3164}'];
        assert_eq!(sanitize(&hidden.map(|character| format!("x{character}")).concat(), 100), "x".repeat(hidden.len()));
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis() {
        assert_eq!(sanitize("abcdef", 4), "abc…");
        assert_eq!(sanitize("abcd", 4), "abcd");
        assert_eq!(sanitize("abcd\u{200b}\u{200b}", 4), "abcd", "what is dropped is not counted");
    }
}
