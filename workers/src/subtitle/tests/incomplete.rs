//! What was not read is counted, wherever it is in the file.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::read;
use crate::subtitle::Incomplete;

/// Time lines that cannot be read, as SubRip and WebVTT have them.
const BROKEN: [&str; 4] =
    ["00:0x:01,000 --> 00:00:02,000", "00:00:01,000 --> 00:00:", "00:00:01,000 --> later", "xx:xx --> 00:00:02,000"];

proptest! {
    #[test]
    fn every_cue_that_cannot_be_read_counts(
        kinds in prop::collection::vec(prop::option::weighted(0.3, 0..BROKEN.len()), 2..30),
        is_webvtt: bool,
    ) {
        let mut text = if is_webvtt { "WEBVTT\n\n".to_owned() } else { String::new() };
        let mut first = None;
        // One is always read.
        text.push_str("1\n00:00:00.500 --> 00:00:00.900\nFirst.\n\n");
        for (at, kind) in kinds.iter().enumerate() {
            writeln!(text, "{}", at + 2).expect("a String takes everything");
            match kind {
                Some(kind) => {
                    first = first.or(Some(text.lines().count() + 1));
                    write!(text, "{}\nWords {at}.\n\n", BROKEN[*kind]).expect("a String takes everything");
                }
                None => write!(text, "00:00:{:02}.000 --> 00:00:{:02}.900\nWords {at}.\n\n", at + 1, at + 1).expect("a String takes everything"),
            }
        }
        let expected = kinds.iter().flatten().count();
        match read(&text).incomplete() {
            None => prop_assert_eq!(expected, 0, "{}", text),
            Some(Incomplete::UnreadCues { count, first: found }) => {
                prop_assert_eq!(count, expected, "{}", text);
                prop_assert!(found.starts_with(&format!("line {}: ", first.unwrap_or_default())), "{}: {}", found, text);
            }
            Some(times) => prop_assert!(false, "{}: {}", times, text),
        }
    }
}

#[test]
fn a_text_that_holds_a_time_line_is_not_whole() {
    let srt = "1\n00:00:01,000 --> 00:00:02,000\nTea?\nHe said 00:00:03,000 --> 00:00:04,000 to me.\n";
    assert_eq!(read(srt).incomplete(), Some(Incomplete::TimesInText { cues: vec![1] }));
    let schedule = "1\n00:00:01,000 --> 00:00:02,000\nMeet at 10:00:00,000 to 11:00:00,000.\n12:30 -> 14:00\n";
    assert_eq!(read(schedule).incomplete(), None);
}
