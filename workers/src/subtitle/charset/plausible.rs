//! Whether a decoded text may still be text at all: few damaged and few control characters. Pure.

/// Whether so few of a text's characters are damaged that its charset is still believed.
pub(super) const fn is_little_damage(replaced: usize, characters: usize) -> bool {
    replaced <= 2 + characters / 50
}

/// Whether there are more control characters than a damaged text has.
pub(super) fn is_binary(text: &str) -> bool {
    let is_control = |character: &char| matches!(character, '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}');
    let has_any = text.bytes().any(|byte| byte < 0x20 && !byte.is_ascii_whitespace() || byte == 0x7F || byte == 0xC2);
    has_any && {
        let controls = text.chars().filter(is_control).count();
        controls > 1 + text.len() / 50
    }
}
