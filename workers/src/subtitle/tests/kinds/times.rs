//! A line with a clock on both sides of an arrow is a time line, however both are spelled.

use proptest::prelude::*;

use super::{Code, Subtitle, cue, cues, read, rewritten, warnings};
use crate::subtitle::holds_time_line;

/// Signs that point from one time to the next.
const ARROWS: [&str; 22] = [
    "-->",
    "->",
    "--->",
    "- >",
    "-- >",
    "–>",
    "—>",
    "–->",
    "→",
    "⟶",
    "➔",
    "=>",
    "==>",
    "--&gt;",
    "&ndash;&gt;",
    "~>",
    "－－＞",
    "‐‐>",
    "−−>",
    "--»",
    "--›",
    "__>",
];

/// What nobody sees on a line.
const INVISIBLE: [&str; 7] = ["", "", "", "\u{200B}", "\u{200E}", "\u{FEFF}", "\u{A0}"];

/// The digits of several scripts.
const DIGITS: [&str; 6] =
    ["0123456789", "0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "०१२३४५६७८९"];

fn in_digits(text: &str, digits: &str) -> String {
    let digit = |value: u32| digits.chars().nth(usize::try_from(value).expect("small")).expect("ten digits");
    text.chars().map(|character| character.to_digit(10).map_or(character, digit)).collect()
}

prop_compose! {
    /// One time of day in milliseconds and a spelling of it.
    fn clock()(
        seconds in 0_u64..360_000,
        milliseconds in 0_u64..1000,
        colon in prop::sample::select(vec![":", ":", ":", "：", " : ", ": ", "∶"]),
        point in prop::sample::select(vec![",", ",", ".", ":", ";", "'", "’", "，", "．", ", "]),
        form in 0..4_u8,
        digits in prop::sample::select(DIGITS.to_vec()),
    ) -> (u64, String) {
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let (whole, fraction, milliseconds) = match form {
            0 => (format!("{hours:02}{colon}{minutes:02}{colon}{rest:02}"), format!("{milliseconds:03}"), milliseconds),
            1 => (format!("{hours}{colon}{minutes}{colon}{rest}"), format!("{}", milliseconds / 100), milliseconds / 100 * 100),
            2 => (format!("{hours:02}{colon}{minutes:02}{colon}{rest:02}"), format!("{milliseconds:04}"), milliseconds),
            _ => (format!("{hours:02}{colon}{minutes:02}{colon}{rest:02}"), format!("{:02}", milliseconds / 10), milliseconds / 10 * 10),
        };
        (seconds * 1000 + milliseconds, in_digits(&format!("{whole}{point}{fraction}"), digits))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_is_a_time_line_and_never_text(
        (start, from) in clock(), (end, to) in clock(),
        arrow in prop::sample::select(ARROWS.to_vec()),
        invisible in prop::sample::select(INVISIBLE.to_vec()),
        space in prop::sample::select(vec![" ", "", "  ", "\t", "\u{A0}"]),
    ) {
        let text = format!(
            "1\n00:00:00,000 --> 00:00:00,500\nThe lantern went out.\n\n2\n{invisible}{from}{space}{arrow}{invisible}{space}{to}\nWe wait.\n"
        );
        let subtitle = read(&text);
        let found = subtitle.cues.iter().find(|cue| cue.text == "We wait.");
        prop_assert_eq!(found.map(|cue| (cue.start, cue.end)), Some((start, end.max(start))), "{}", text);
        prop_assert_eq!(subtitle.cues.len(), 2, "{}", text);
        prop_assert_eq!(rewritten(&rewritten(&text)), rewritten(&text));
    }

    #[test]
    fn what_cannot_be_read_is_a_warning_and_its_words_join_no_other_cue(
        broken in prop::sample::select(vec![
            "00:00:xx,000 --> 00:00:09,000", "00:00:05,000 --> soon", "--> 00:00:07,000", "?? --> 00:00:07,000",
            "00:00:05,000 -->", "00:00:05,000 --> __:00:06,000", "Time: 00:00:05,000 --> 00:00:06,000",
            "00h00m05s000 --> 00h00m06s000", "00:00:05/000 --> 00:00:06/000", "00:00:05,000 --> 00:00:06,000 --> 00:00:07,000",
        ]),
    ) {
        let text = format!(
            "1\n00:00:01,000 --> 00:00:03,000\nWe wait.\n\n2\n{broken}\nIn the dark.\n\n3\n00:00:08,000 --> 00:00:09,000\nIn winter.\n"
        );
        prop_assert_eq!(cues(&text), [cue(1000, 3000, "We wait."), cue(8000, 9000, "In winter.")], "{}", broken);
        prop_assert_eq!(warnings(&text)[0], (Code::UnreadTimeLine, 6), "{}", broken);
        prop_assert_eq!(read(&text).unread_cues(), 1);
    }
}

#[test]
fn times_before_the_film_are_zero() {
    for line in [
        "0-1:58:22,135 --> 0-1:58:24,770",
        "00:00:-1,-500 --> 00:00:01,200",
        "00:-00:-03,-100 --> 00:00:00,900",
        "-1:58:00,300 --> 00:00:01,000",
        "00:-11:-48.-340 --> 00:00:01,000",
        "−00:00:01,000 --> 00:00:01,000",
    ] {
        let text = format!("1\n00:00:02,000 --> 00:00:04,000\nWe wait.\n\n2\n{line}\nBefore the film.\n");
        let found = cues(&text);
        assert_eq!((found[0].0, found[0].2.as_str()), (0, "Before the film."), "{line}");
        assert_eq!(found[1], cue(2000, 4000, "We wait."), "{line}");
        assert!(warnings(&text).contains(&(Code::NegativeTime, 6)), "{line}");
    }
}

#[test]
fn odd_fractions_mean_what_their_writer_meant() {
    for (line, start, end) in [
        ("0:0:4,8 --> 0:0:7,4", 4800, 7400),
        ("00:00:20 --> 00:00:24", 20_000, 24_000),
        ("00:00:40,0100 --> 00:00:43,540", 40_100, 43_540),
        ("00:00:0,500 --> 00:00:2,00", 500, 2000),
        ("100:00:00,000 --> 100:00:02,000", 360_000_000, 360_002_000),
        ("00:00:50;000 --> 00:00:52;000", 50_000, 52_000),
        ("00:00:54'000 --> 00:00:56'000", 54_000, 56_000),
        ("00:00:05,123456 --> 00:00:06,500000", 5123, 6500),
        ("00:00:01 500 --> 00:00:04 000", 1500, 4000),
        ("00:00:01,000 - 00:00:02,000", 1000, 2000),
        ("00:00:37,-100 --> 00:00:39,000", 36_900, 39_000),
        ("00:01:-02,500 --> 00:01:00,000", 58_500, 60_000),
    ] {
        assert_eq!(cues(&format!("1\n{line}\nA\n")), [cue(start, end, "A")], "{line}");
    }
}

#[test]
fn times_in_speech_and_schedules_are_text() {
    let text = "1\n00:00:01,000 --> 00:00:03,000\nMeet at 10:00:00,000 to 11:00:00,000 tomorrow.\n\n2\n00:00:04,000 --> 00:00:06,000\nFERRY TIMES\n12:30 -> 14:00 weekdays\n15:10 -> 16:40\n\n3\n00:00:07,000 --> 00:00:09,000\nType this:\n00:00:10,000 --> 00:00:12,000\n\n4\n00:00:13,000 --> 00:00:15,000\nJump to 00:01:23,456 in the recording.\n";
    let texts: Vec<String> = cues(text).into_iter().map(|(_, _, text)| text.replace('\u{2060}', "")).collect();
    assert_eq!(
        texts,
        [
            "Meet at 10:00:00,000 to 11:00:00,000 tomorrow.",
            "FERRY TIMES\n12:30 -> 14:00 weekdays\n15:10 -> 16:40",
            "Type this:\n00:00:10,000 --> 00:00:12,000",
            "Jump to 00:01:23,456 in the recording.",
        ]
    );
    assert_eq!(rewritten(&rewritten(text)), rewritten(text));
    assert!(read(text).cues.iter().all(|cue| !holds_time_line(&cue.text)));
}

#[test]
fn words_behind_the_times_are_the_first_line_of_the_text() {
    let text = "1\n00:00:01,000 --> 00:00:03,000 The lantern went out.\n\n2\n00:00:05,000 --> 00:00:07,000 Who has\nthe map?\n\n3\n00:00:09,000 --> 00:00:11,000  X1:10 X2:20 Y1:5 Y2:6\nThe baker.\n";
    let expected = [
        cue(1000, 3000, "The lantern went out."),
        cue(5000, 7000, "Who has\nthe map?"),
        cue(9000, 11_000, "The baker."),
    ];
    assert_eq!(cues(text), expected);
    assert_eq!(warnings(text).iter().filter(|(code, _)| *code == Code::TextOnTimeLine).count(), 2);
}

#[test]
fn a_text_that_holds_a_time_line_is_told() {
    for text in ["Well.\n00:00:05,000 --> 00:00:06,000", "Then 0:00:01.0 –> 0:00:02.0 ended", "1:02.5 --&gt; 1:03.5"]
    {
        assert!(holds_time_line(text), "{text}");
    }
    for text in
        ["12:30 -> 14:00 weekdays", "From 10 --> 20", "00:00:05,000 --\u{2060}> 00:00:06,000", "At 1:02:03 sharp", ""]
    {
        assert!(!holds_time_line(text), "{text}");
    }
}

#[test]
fn webvtt_with_commas_is_read_and_written_with_dots() {
    let text = "WEBVTT\n\n1\n00:00:01,000 --> 00:00:04,000 align:left\nThe lantern went out.\n\n2\n00:00:20.000 --> 00:00:22.000\nWe wait.\n";
    assert_eq!(cues(text), [cue(1000, 4000, "The lantern went out."), cue(20_000, 22_000, "We wait.")]);
    assert_eq!(warnings(text), [(Code::IrregularTime, 4)]);
    assert_eq!(read(text).cues[0].settings.as_deref(), Some("align:left"));
    let written = rewritten(text);
    assert_eq!(written, text.replace("00:00:01,000 --> 00:00:04,000", "00:00:01.000 --> 00:00:04.000"));
    assert_eq!(Subtitle::read(&written).expect("reads").warnings, []);
}

#[test]
fn whatever_stands_between_two_exact_times_is_an_arrow_at_the_start_of_a_block() {
    for sign in ["<--", "|", "to", "bis", "/", ",", "до", "...", "~", "=", ">>"] {
        let line = format!("00:00:05,000 {sign} 00:00:06,000");
        let text = format!("1\n00:00:01,000 --> 00:00:03,000\nWe wait.\n\n2\n{line}\nIn the dark.\n");
        assert_eq!(cues(&text), [cue(1000, 3000, "We wait."), cue(5000, 6000, "In the dark.")], "{line}");
        assert_eq!(rewritten(&rewritten(&text)), rewritten(&text));
    }
    let text = "1\n00:00:01,000 --> 00:00:03,000\nIt says:\n00:00:05,000 to 00:00:06,000\nand nothing else.\n";
    assert_eq!(cues(text)[0].2, "It says:\n00:00:05,000 to 00:00:06,000\nand nothing else.");
}
