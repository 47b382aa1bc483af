//! What stands alone in front of a time line is the cue's number; heads of files are never text.

use proptest::prelude::*;

use super::{Code, append, cue, cues, read, rewritten, warnings};

/// Numbers as programs and translators write them.
fn number(form: usize, value: usize) -> String {
    let numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match form {
        0 => value.to_string(),
        1 => format!("{value}个"),
        2 => numerals[value % 9].to_owned(),
        3 => format!("Cue {value}"),
        4 => format!("#{value}"),
        5 => format!("{value})"),
        6 => format!("[{value}]"),
        7 => format!("{value}."),
        8 => value
            .to_string()
            .chars()
            .map(|digit| char::from_u32(0x660 + digit.to_digit(10).expect("a digit")).expect("a digit"))
            .collect(),
        9 => format!("\u{FEFF}{value}"),
        10 => format!("Subtitle {value}"),
        _ => format!("{value:04}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_of_any_make_are_never_text(form in 0..12_usize, count in 1..12_usize, ending in prop::sample::select(vec!["\n", "\r\n", "\r"])) {
        let mut text = String::new();
        for at in 1..=count {
            append!(text, "{}\n00:00:{at:02},000 --> 00:00:{at:02},900\n", number(form, at));
            append!(text, "We wait, said number {at}\nand went.\n\n");
        }
        let text = text.replace('\n', ending);
        let expected: Vec<_> = (1..=count)
            .map(|at| cue(at as u64 * 1000, at as u64 * 1000 + 900, &format!("We wait, said number {at}\nand went.")))
            .collect();
        prop_assert_eq!(cues(&text), expected, "{}", text);
    }
}

#[test]
fn a_number_in_words_is_one_where_the_other_cues_have_numbers_in_its_place() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\nWe wait.\n\n2\n00:00:03,000 --> 00:00:04,000\nIn winter.\n\nTres\n00:00:05,000 --> 00:00:06,000\nIn the dark.\n";
    assert_eq!(cues(text)[1], cue(3000, 4000, "In winter."));
    // Without numbers there is nothing that a word could stand for.
    let text = "00:00:01,000 --> 00:00:02,000\nWe wait.\n\nTres\n00:00:05,000 --> 00:00:06,000\nIn the dark.\n";
    assert_eq!(cues(text)[0], cue(1000, 2000, "We wait.\nTres"));
}

#[test]
fn sentences_are_no_numbers() {
    for words in ["It is 1999!", "Who has 5?", "“Seven”", "Never again."] {
        let text =
            format!("1\n00:00:01,000 --> 00:00:02,000\nWe wait.\n\n{words}\n00:00:05,000 --> 00:00:06,000\nYes.\n");
        assert_eq!(cues(&text)[0], cue(1000, 2000, &format!("We wait.\n{words}")));
    }
}

#[test]
fn heads_of_webvtt_files_are_never_text_in_srt() {
    let text = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n1\n00:00:01.000 --> 00:00:02.000\nWe wait.\n\nNOTE made by hand\n\n2\n00:00:03.000 --> 00:00:04.000\nIn winter.\nWEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n3\n00:00:05.000 --> 00:00:06.000\nIn the dark.\n";
    for text in [text.to_owned(), text.replacen("WEBVTT\n", "1\n00:00:00,100 --> 00:00:00,900\nFirst.\n\nWEBVTT\n", 1)]
    {
        let last: Vec<_> = cues(&text).into_iter().rev().take(3).rev().collect();
        assert_eq!(last, [cue(1000, 2000, "We wait."), cue(3000, 4000, "In winter."), cue(5000, 6000, "In the dark.")]);
        assert_eq!(rewritten(&rewritten(&text)), rewritten(&text));
    }
}

#[test]
fn joined_segments_are_read_as_one_file_on_one_clock() {
    let segment = |ticks: u64, words: &str| {
        format!("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{ticks},LOCAL:00:00:00.000\n\n00:00:01.000 --> 00:00:02.000\n{words}\n")
    };
    for between in ["", "\n", "\u{FEFF}"] {
        let text =
            [segment(900_000, "We wait."), segment(1_440_000, "In winter."), segment(900_000, "Again.")].join(between);
        assert_eq!(
            cues(&text),
            [cue(1000, 2000, "We wait."), cue(7000, 8000, "In winter."), cue(1000, 2000, "Again.")],
            "{text}"
        );
        assert_eq!(warnings(&text).iter().filter(|(code, _)| *code == Code::JoinedSegments).count(), 2);
        assert_eq!(rewritten(&rewritten(&text)), rewritten(&text));
        assert_eq!(read(&text).unread_cues(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// As files are that were edited on two systems, or printed with an empty line behind each.
    #[test]
    fn numbers_in_double_spaced_files_are_never_text(count in 1..12_usize, between in prop::sample::select(vec!["\n\n", "\r\r\n", "\r\n\r\n", "\n \n"])) {
        let mut text = String::new();
        for at in 1..=count {
            append!(text, "{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\nWe wait,\nsaid number {at}.\n\n");
        }
        let expected: Vec<_> = (1..=count)
            .map(|at| cue(at as u64 * 1000, at as u64 * 1000 + 900, &format!("We wait,\nsaid number {at}.")))
            .collect();
        let text = text.replace('\n', between);
        prop_assert_eq!(cues(&text), expected, "{}", text);
    }
}

#[test]
fn a_number_that_somebody_says_stays_text() {
    // The second cue has no number of its own.
    let text = "1\n00:00:01,000 --> 00:00:02,000\n2\n\n00:00:03,000 --> 00:00:04,000\nThe second.\n";
    assert_eq!(cues(text), [cue(1000, 2000, "2"), cue(3000, 4000, "The second.")]);
}

#[test]
fn warnings_name_the_lines_of_the_whole_file_behind_a_chat_programs_words() {
    let text = "Here is the file:\n\n```srt\n1\n00:00:01,000 --> 00:00:02,000\nWe wait.\n\n2\n00:00:0x,000 --> 00:00:04,000\nIn winter.\n```\n";
    let lines: Vec<(usize, Code)> = read(text).warnings.iter().map(|warning| (warning.line, warning.code)).collect();
    assert!(lines.contains(&(3, Code::IgnoredBlock)) && lines.contains(&(9, Code::UnreadTimeLine)), "{lines:?}");
}

#[test]
fn the_fences_of_a_chat_program_and_what_it_says_around_them_are_no_text() {
    let srt = "1\n00:00:01,000 --> 00:00:02,000\nWe wait.\n\n2\n00:00:03,000 --> 00:00:04,000\nIn winter.";
    let vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nWe wait.\n\n00:03.000 --> 00:04.000\nIn winter.";
    let expected = [cue(1000, 2000, "We wait."), cue(3000, 4000, "In winter.")];
    for (file, language) in [(srt, "srt"), (vtt, "vtt"), (srt, ""), (vtt, "")] {
        for text in [
            format!("```{language}\n{file}\n```\n"),
            format!("Here is the file:\n\n```{language}\n{file}\n```\n\nLet me know whether it helps!"),
            format!("```{language}\r\n{}", file.replace('\n', "\r\n")),
        ] {
            assert_eq!(cues(&text), expected, "{text}");
        }
    }
    let said = "1\n00:00:01,000 --> 00:00:02,000\n```\n\n2\n00:00:03,000 --> 00:00:04,000\n```";
    assert_eq!(cues(said), [cue(1000, 2000, "```"), cue(3000, 4000, "```")]);
}

#[test]
fn a_cue_that_two_segments_have_is_read_once() {
    let segment = |cues: &str| format!("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n{cues}\n");
    let both = "00:00:01.000 --> 00:00:02.000\nWe wait.\n";
    let text = segment(both) + &segment(&format!("{both}\n00:00:03.000 --> 00:00:04.000\nIn winter.\n"));
    assert_eq!(cues(&text), [cue(1000, 2000, "We wait."), cue(3000, 4000, "In winter.")]);
    assert_eq!(rewritten(&rewritten(&text)), rewritten(&text));
    // Outside of segments it is what the file says.
    assert_eq!(cues(&format!("WEBVTT\n\n{both}\n{both}")).len(), 2);
}
