//! Whether a text has times in it that belong to a cue that was missed: a text comes in, a yes or no goes out. Pure.

use super::{
    characters::{clean, has_digit},
    scan::Cursor,
};

/// How many characters in front of an arrow can be a clock.
const MAX_CLOCK: usize = 24;

/// Whether any line of a text has two full clocks with an arrow between them, wherever on the line: then a cue was
/// missed, and the text is not only what somebody says.
pub fn holds_time_line(text: &str) -> bool {
    text.lines().any(|line| {
        if !has_digit(line) || !may_have_head(line) {
            return false;
        }
        let cleaned = clean(line);
        let mut cursor = Cursor::new(&cleaned);
        while !cursor.is_at_end() {
            let Some(arrow) = cursor.arrow() else {
                cursor.at += 1;
                continue;
            };
            let is_followed = || cursor.clone().clock(true).is_some_and(|clock| clock.is_full());
            if arrow.has_head && is_followed() && ends_with_clock(&cleaned[..arrow.start]) {
                return true;
            }
        }
        false
    })
}

fn may_have_head(line: &str) -> bool {
    line.bytes().any(|byte| byte == b'>' || byte == b'&' || byte >= 0xE2)
}

fn ends_with_clock(before: &[(char, usize)]) -> bool {
    let before = &before[before.len().saturating_sub(MAX_CLOCK)..];
    (0..before.len()).any(|start| {
        let mut cursor = Cursor::new(&before[start..]);
        let is_full = cursor.clock(true).is_some_and(|clock| clock.is_full());
        cursor.spaces();
        is_full && cursor.is_at_end()
    })
}
