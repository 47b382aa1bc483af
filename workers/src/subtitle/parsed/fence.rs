//! The fence of Markdown that chat programs put around a file, with what they say in front of it and behind it. A text comes
//! in, what is between its fences goes out. Pure.

use crate::subtitle::{formats::sniff, line::Lines};

/// How many lines may be in front of the first fence.
const MAX_PROSE: usize = 20;
const FENCE: &str = "```";

/// What is between the fences, from the end of the first one's line, and how many lines are in front of that line; `None`
/// without any.
pub(super) fn content(text: &str) -> Option<(&str, usize)> {
    let is_fence = |line: &str| {
        let language = line.trim().strip_prefix(FENCE);
        language.is_some_and(|language| language.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    let first = Lines::new(text).take(MAX_PROSE).find(|line| is_fence(line.text))?;
    // Behind the start of a subtitle it is what somebody says.
    if sniff::is_certain(&text[..first.start]) {
        return None;
    }
    let start = first.start + first.text.len();
    let last =
        text.rfind(FENCE).filter(|last| *last > start && is_fence(text[*last..].lines().next().unwrap_or_default()));
    Some((&text[start..last.unwrap_or(text.len())], first.number - 1))
}
