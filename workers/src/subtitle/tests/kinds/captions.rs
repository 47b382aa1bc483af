//! Captions that roll become clean cues.

use proptest::prelude::*;

use super::{Code, append, cues, read, rewritten};
use crate::subtitle::{Cue, Format};

fn stamp(milliseconds: u64) -> String {
    format!("00:{:02}:{:02}.{:03}", milliseconds / 60_000, milliseconds / 1000 % 60, milliseconds % 1000)
}

/// What a video platform writes: each line comes word by word under the one before, and stands alone for 10 ms.
fn automatic(lines: &[String]) -> String {
    let mut text = "WEBVTT\nKind: captions\nLanguage: en\n\n".to_owned();
    let mut before = " ".to_owned();
    for (line, at) in lines.iter().zip(0_u64..) {
        let (start, end) = (at * 3000, at * 3000 + 2990);
        let mut words = line.split(' ');
        let mut timed = words.next().unwrap_or_default().to_owned();
        for (word, number) in words.zip(1_u64..) {
            append!(timed, "<{}><c> {word}</c>", stamp(start + number * 100));
        }
        let settings = "align:start position:0%";
        append!(text, "{} --> {} {settings}\n{before}\n{timed}\n\n", stamp(start), stamp(end));
        append!(text, "{} --> {} {settings}\n{line}\n \n\n", stamp(end), stamp(end + 10));
        before.clone_from(line);
    }
    text
}

/// The same as other programs convert it: two lines that roll up, without word times.
fn rolled(lines: &[String]) -> String {
    let mut text = String::new();
    for (pair, at) in lines.windows(2).zip(0_u64..) {
        let (start, end) = (stamp(at * 2000).replace('.', ","), stamp(at * 2000 + 2000).replace('.', ","));
        append!(text, "{}\n{start} --> {end}\n{}\n{}\n\n", at + 1, pair[0], pair[1]);
    }
    text
}

/// Live captions: each cue has a word more.
fn growing(lines: &[String]) -> String {
    let mut text = "WEBVTT\n\n".to_owned();
    let mut at = 0;
    for line in lines {
        for (end, _) in line.match_indices(' ').chain([(line.len(), "")]) {
            append!(text, "{} --> {}\n{}\n\n", stamp(at), stamp(at + 300), &line[..end]);
            at += 300;
        }
    }
    text
}

prop_compose! {
    fn lines()(words in prop::collection::vec(prop::collection::vec("[a-z]{2,7}", 3..7), 5..12)) -> Vec<String> {
        // Told apart by a number, as real speech hardly repeats a whole line.
        words.into_iter().enumerate().map(|(at, words)| format!("{} number {at}", words.join(" "))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_line_is_kept_once_with_a_time_to_read_it(lines in lines()) {
        for text in [automatic(&lines), rolled(&lines), growing(&lines)] {
            let subtitle = read(&text);
            let words: Vec<String> = subtitle.cues.iter().flat_map(|cue| cue.text.lines()).map(str::to_owned).collect();
            prop_assert_eq!(&words, &lines, "{}", text);
            prop_assert!(subtitle.cues.iter().all(|cue| cue.end - cue.start >= 300), "{:?}", subtitle.cues);
            prop_assert!(subtitle.warnings.iter().any(|warning| warning.code == Code::FoldedCaptions));
            for format in [Format::Srt, Format::WebVtt, Format::Ass] {
                let once = subtitle.write(format).text;
                prop_assert_eq!(&read(&once).write(format).text, &once);
            }
        }
    }
}

#[test]
fn songs_and_short_answers_that_repeat_do_not_roll() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:02,000 --> 00:00:03,000\nNo.\n\n3\n00:00:03,000 --> 00:00:04,000\nNo.\n\n4\n00:00:04,000 --> 00:00:05,000\nNo.\n\n5\n00:00:05,000 --> 00:00:06,000\nNo.\nNever.\n\n";
    assert_eq!((cues(text).len(), rewritten(text).as_str()), (5, text));
}

#[test]
fn word_times_of_webvtt_are_no_karaoke() {
    let text = "We<00:00:01.500><c> wait</c> <c.red>here</c>";
    assert!(!Format::WebVtt.is_timed_inside(text));
    assert_eq!(Format::WebVtt.without_word_times("We<00:00:01.500><c> wait</c>"), "We wait");
    assert_eq!(Format::WebVtt.without_word_times(text), "We<c> wait</c> <c.red>here</c>");
    assert!(Format::Ass.is_timed_inside("{\\k20}We {\\k30}wait"));
}

#[test]
fn speakers_are_told_apart_by_their_marks() {
    for (text, parts) in [
        ("- Stop!\n- Baby, I am sorry.", vec!["- Stop!", "- Baby, I am sorry."]),
        ("- I have the map.\n- Good.\nGet out of there.", vec!["- I have the map.", "- Good.\nGet out of there."]),
        ("- I told you not\nto come here.\n- I know.", vec!["- I told you not\nto come here.", "- I know."]),
        ("So what is that?\n– What does it mean?", vec!["So what is that?", "– What does it mean?"]),
        ("<i>- She is at\nthe window.</i>\n- Who is it?", vec!["<i>- She is at\nthe window.</i>", "- Who is it?"]),
        ("<i>- Where?</i>\n<i>- Here.</i>", vec!["<i>- Where?</i>", "<i>- Here.</i>"]),
        (">> Stop!\n>> I am sorry,\nbaby.", vec![">> Stop!", ">> I am sorry,\nbaby."]),
        ("It is here.\n< I looked there.", vec!["It is here.", "< I looked there."]),
        ("We should have\ngone home.", vec!["We should have\ngone home."]),
        ("- Only one\nspeaks here.", vec!["- Only one\nspeaks here."]),
    ] {
        assert_eq!(Format::Srt.speakers(text), parts, "{text}");
    }
    assert_eq!(Format::Ass.speakers("- No.\\N- Yes.\\NGo."), ["- No.", "- Yes.\\NGo."]);
}

proptest! {
    #[test]
    fn the_parts_of_speakers_have_every_word(text in "([-–] )?[a-z]{1,5}(\n([-–] )?[a-z<>/i]{1,5}){0,4}") {
        for format in [Format::Srt, Format::WebVtt] {
            let parts = format.speakers(&text);
            prop_assert_eq!(parts.join("\n"), text.as_str());
            let starts = parts.iter().skip(1).all(|part| format.plain(part).trim_start().starts_with(['-', '–', '>']));
            prop_assert!(starts, "{:?}", parts);
        }
    }
}

#[test]
fn folding_keeps_what_a_cue_adds_to_a_line_that_grew() {
    let cue = |at: u64, text: &str| Cue::new(at * 300, at * 300 + 300, text.to_owned());
    let cues = ["the", "the lantern", "the lantern went", "the lantern went\nout", "out of it"];
    let cues: Vec<Cue> = cues.iter().zip(0..).map(|(text, at)| cue(at, text)).collect();
    let folded = crate::subtitle::parsed::rolling::folded(Format::Srt, &cues).expect("rolls");
    assert_eq!(folded.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>(), ["the lantern went", "out of it"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The standard ends a cue at an empty line; what follows is no cue, and its words would be lost.
    #[test]
    fn words_behind_an_empty_line_belong_to_their_cue(gaps in prop::collection::vec(0..4_usize, 2..8), is_first: bool) {
        let mut text = "WEBVTT\n\n".to_owned();
        for (gap, at) in gaps.iter().zip(1_u64..) {
            let (first, gap) = if is_first { ("", "\n".repeat(*gap)) } else { ("We wait.\n", "\n".repeat(*gap)) };
            append!(text, "id {at}\n{} --> {}\n{first}{gap}Who has it?\n\n", stamp(at * 2000), stamp(at * 2000 + 900));
        }
        let expected = if is_first { "Who has it?" } else { "We wait.\nWho has it?" };
        let found = read(&text);
        prop_assert_eq!(found.cues.len(), gaps.len(), "{}", text);
        for format in [Format::Srt, Format::WebVtt, Format::Ass] {
            let written = found.write(format).text;
            let again = read(&written);
            prop_assert_eq!(again.write(format).text, written.clone());
            let shown = |cue: &Cue| format.plain(&cue.text).lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
            prop_assert!(again.cues.iter().all(|cue| shown(cue) == expected), "{}", written);
        }
    }
}

#[test]
fn an_arrow_in_a_comment_is_no_cue_that_is_missing() {
    let text = "WEBVTT\n\nNOTE 00:01.000 --> 00:02.000 was cut\n\nNOTE --> here\n\n00:03.000 --> 00:04.000\nWe wait.\n\nSTYLE\nno style behind a cue\n";
    assert_eq!((cues(text).len(), read(text).unread_cues()), (1, 0));
}
