//! Speakers of generated dialogues: an engine that changes every word moves none of them to another speaker.

use proptest::prelude::*;
use subtitle_contract::job::SoundDescriptions;

use super::lines::{join, split};
use crate::subtitle::Format;

/// What one speaker says, on one or two lines, and how the first one is led.
type Speaker = (Vec<String>, &'static str);

fn speaker(leads: &'static [&'static str]) -> impl Strategy<Value = Speaker> {
    let line = "[a-z]{2,9}( [a-z]{2,9}){0,2}";
    (prop::collection::vec(line, 1..3), prop::sample::select(leads))
}

fn dialogue() -> impl Strategy<Value = Vec<Speaker>> {
    let first = speaker(&["", "- ", "-", "– ", "— ", "‐ ", "− "]);
    let others = prop::collection::vec(speaker(&["- ", "-", "– ", "— ", "‐ ", "− ", ">> ", ">>"]), 0..3);
    (first, others).prop_map(|(first, others)| [vec![first], others].concat())
}

/// The line breaks of a format.
const FORMATS: [(Format, &str); 3] = [(Format::Srt, "\n"), (Format::WebVtt, "\n"), (Format::Ass, "\\N")];

proptest! {
    #[test]
    fn each_speaker_is_one_piece_and_begins_a_line_with_its_dash_again(speakers in dialogue(), is_italic: bool) {
        for (format, line_break) in FORMATS {
            let parts: Vec<String> = speakers
                .iter()
                .map(|(lines, lead)| {
                    let text = format!("{}{}", format.encoded(lead).0, lines.join(line_break));
                    if is_italic && format != Format::Ass { format!("<i>{text}</i>") } else { text }
                })
                .collect();
            let text = parts.join(line_break);
            let pieces = split(format, &text, SoundDescriptions::Keep);
            prop_assert_eq!(pieces.len(), speakers.len(), "{}", text);
            let answers: Vec<String> = pieces.iter().map(|piece| piece.text.to_uppercase()).collect();
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            let joined = join(&pieces, &answers);
            let plain = format.plain(&joined).into_owned();
            let mut lines = plain.lines();
            for (words, lead) in &speakers {
                let expected = format!("{lead}{}", words.join(" ").to_uppercase());
                let mut shown = lines.next().unwrap_or_default().to_owned();
                while shown.len() < expected.len() {
                    shown.push(' ');
                    shown.push_str(lines.next().unwrap_or_default());
                }
                prop_assert_eq!(shown, expected, "{} became {}", text, joined);
            }
            prop_assert_eq!(lines.next(), None, "{} became {}", text, joined);
        }
    }
}
