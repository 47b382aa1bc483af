//! How hard a subtitle is to read: cues come in, how many break each rule goes out. It never fails a job. The
//! rules are Netflix's Timed Text Style Guide: at most 17 characters a second, two lines of 42 characters (16 where they
//! are full-width), five sixths of a second to seven seconds, and two frames between cues that do not touch. Pure.

use subtitle_contract::job::Readability;

use super::wrap::{LINES, MAX_CHARS, MAX_CHARS_WIDE, is_wide};
use crate::subtitle::Subtitle;

/// Characters a second.
const FASTEST: u64 = 17;
/// Milliseconds.
const BRIEFEST: u64 = 833;
const MAX_SHOWN: u64 = 7000;
/// Two frames at 24 a second.
const CLOSEST: u64 = 83;

/// Counts the cues that break each rule.
pub fn counted(subtitle: &Subtitle) -> Readability {
    let mut counts = Readability::default();
    for (at, cue) in subtitle.cues.iter().enumerate() {
        let text = subtitle.format.plain(&cue.text);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            continue;
        }
        let characters: usize = lines.iter().map(|line| line.chars().count()).sum();
        let wide = lines.iter().flat_map(|line| line.chars()).filter(|character| is_wide(*character)).count();
        let longest = if wide * 2 > characters { MAX_CHARS_WIDE } else { MAX_CHARS };
        let shown = cue.end.saturating_sub(cue.start);
        let gap = subtitle.cues.get(at + 1).and_then(|next| next.start.checked_sub(cue.end));
        counts.fast += u32::from(characters as u64 * 1000 > shown * FASTEST);
        counts.wide += u32::from(lines.len() > LINES || lines.iter().any(|line| line.chars().count() > longest));
        counts.brief += u32::from(shown < BRIEFEST);
        counts.lasting += u32::from(shown > MAX_SHOWN);
        counts.close += u32::from(gap.is_some_and(|gap| gap > 0 && gap < CLOSEST));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_counted_by_itself() {
        let wide = "x".repeat(43);
        let text = format!(
            "1\n00:00:01,000 --> 00:00:02,000\n<i>Eighteen letters!</i>!\n\n2\n00:00:02,000 --> 00:00:02,800\nBrief\n\n3\n\
             00:00:02,840 --> 00:00:09,000\n{wide}\n\n4\n00:00:10,000 --> 00:00:18,000\nHere for long\n\n5\n00:00:18,000 --> \
             00:00:19,000\nYes.\n"
        );
        let expected = Readability { fast: 1, wide: 1, brief: 1, lasting: 1, close: 1 };
        assert_eq!(counted(&Subtitle::read(&text).expect("cues")), expected);
        let wide = "1\n00:00:01,000 --> 00:00:06,000\n我们应该在暴风雨来之前回家安娜船都\n";
        assert_eq!(counted(&Subtitle::read(wide).expect("cues")).wide, 1, "17 characters full-width");
    }
}
