//! SubRip.

use super::{Code, cue, cues, read, rewritten, warnings};

#[test]
fn times_are_read_in_every_common_spelling() {
    for line in [
        "00:00:01,500 --> 00:00:04,000",
        "0:0:1.5 -> 0:0:4",
        "00:00:01:500 --> 00:00:04:000",
        "00：00：01，500 --> 00：00：04，000",
        "00:00:01,500 - > 00:00:04,000",
        "00:00:01,500 ---> 00:00:04,000  X1:10 Y1:20",
        "00:01,500 --> 00:04,000",
        "  00:00:01,500-->00:00:04,000\t",
        "7 00:00:01,500 --> 00:00:04,000",
        "1.5 --> 4",
        "00:00:1,500 --> 00:00:4,0",
        "00:00:01,5 --> 00:00:04",
    ] {
        let text = format!("1\n{line}\nHi\n");
        assert_eq!(cues(&text), [cue(1500, 4000, "Hi")], "{line}");
        let irregular = warnings(&text).iter().filter(|(code, _)| *code == Code::IrregularTime).count();
        assert_eq!(irregular, usize::from(line != "00:00:01,500 --> 00:00:04,000"), "{line}");
    }
    assert_eq!(cues("1\n00:00:0,500 --> 00:00:20,00\nHi"), [cue(500, 20_000, "Hi")]);
    assert_eq!(cues("1\n20 --> 24\nHi"), [cue(20_000, 24_000, "Hi")]);
    assert_eq!(cues("1\n00:00:00,050 --> 120:00:00,000\nHi")[0], cue(50, 432_000_000, "Hi"));
}

#[test]
fn times_that_cannot_be_are_put_right_and_reported() {
    let text = "1\n-00:00:01,000 --> 00:00:02,000\nHi\n\n2\n00:00:05,000 --> 00:00:02,000\nHo\n";
    assert_eq!(cues(text), [cue(0, 2000, "Hi"), cue(5000, 5000, "Ho")]);
    assert_eq!(warnings(text), [(Code::IrregularTime, 2), (Code::NegativeTime, 2), (Code::EndBeforeStart, 6)]);
}

#[test]
fn talk_of_numbers_and_arrows_is_no_time() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\nFrom 10 -> 20\n- Is it 5 > 3?\n10 -> 20\n\n";
    assert_eq!(cues(text), [cue(1000, 2000, "From 10 -> 20\n- Is it 5 > 3?\n10 -> 20")]);
}

#[test]
fn cues_survive_missing_blank_lines_indexes_and_mixed_line_ends() {
    let text = "\u{FEFF}1\r\n00:00:01,000 --> 00:00:02,000\r\nfirst\r00:00:03,000 --> 00:00:04,000\nsecond\n\nstill second\n3\n00:00:05,000 --> 00:00:06,000\nthird";
    assert_eq!(
        cues(text),
        [cue(1000, 2000, "first"), cue(3000, 4000, "second\nstill second"), cue(5000, 6000, "third")]
    );
    assert_eq!(
        warnings(text),
        [
            (Code::MixedLineEnds, 3),
            (Code::IrregularIndex, 4),
            (Code::MissingBlankLine, 4),
            (Code::BlankLineInText, 4),
            (Code::IrregularIndex, 9),
            (Code::MissingBlankLine, 9),
        ]
    );
}

#[test]
fn a_number_that_is_all_somebody_says_is_text() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\n1999\n\n2\n00:00:03,000 --> 00:00:04,000\n42\n00:00:05,000 --> 00:00:06,000\nend\n";
    assert_eq!(cues(text), [cue(1000, 2000, "1999"), cue(3000, 4000, "42"), cue(5000, 6000, "end")]);
}

#[test]
fn odd_indexes_are_reported_and_cues_numbered_anew() {
    for index in ["", "1\n", "0\n", "-1\n", "1.\n", "001\n", "7\n"] {
        let text = format!("1\n00:00:01,000 --> 00:00:02,000\na\n\n{index}00:00:03,000 --> 00:00:04,000\nb\n");
        assert_eq!(warnings(&text).first().map(|(code, _)| *code), Some(Code::IrregularIndex), "{index}");
        let canonical = "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n\n";
        assert_eq!(rewritten(&text), canonical, "{index}");
        assert_eq!(warnings(canonical), []);
    }
    assert_eq!(read("9999\n00:00:01,000 --> 00:00:02,000\nan advertisement").cues[0].id.as_deref(), Some("9999"));
}

#[test]
fn cues_are_ordered_by_start_and_empty_ones_go_with_a_word() {
    let text = "1\n00:00:05,000 --> 00:00:06,000\nb\n\n2\n00:00:01,000 --> 00:00:02,000\na\n\n3\n00:00:07,000 --> 00:00:08,000\n\n";
    assert_eq!(cues(text), [cue(1000, 2000, "a"), cue(5000, 6000, "b")]);
    assert_eq!(warnings(text), [(Code::OutOfOrder, 6), (Code::EmptyCue, 10)]);
}

#[test]
fn overlapping_cues_and_a_text_before_the_first_are_no_reason_to_stop() {
    let text = "Subtitles by Anna\n1\n00:00:01,000 --> 00:00:09,000\n<i>a\n\n2\n00:00:02,000 --> 00:00:03,000\nb";
    assert_eq!(cues(text), [cue(1000, 9000, "<i>a</i>"), cue(2000, 3000, "b")]);
    assert_eq!(warnings(text), [(Code::TextBeforeFirstCue, 1), (Code::RepairedTags, 3)]);
}

#[test]
fn a_place_on_the_screen_and_every_style_stay_in_the_text() {
    let text =
        "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<b>a</b> <i>b</i> <u>c</u> <s>d</s> <font color=\"red\">e</font>\n\n";
    assert_eq!((rewritten(text).as_str(), warnings(text)), (text, vec![]));
    assert_eq!(read(text).format.plain(&read(text).cues[0].text), "a b c d e");
}

#[test]
fn tags_that_appear_when_others_go_are_put_right_too() {
    for text in ["<</b>b>", "<</b></b>b>Tea", &format!("{}Tea", "<".repeat(9) + &"</b>".repeat(9) + &"b>".repeat(9))] {
        let canonical = rewritten(&format!("1\n00:00:01,000 --> 00:00:02,000\nHm. {text}\n"));
        assert_eq!(rewritten(&canonical), canonical);
    }
}

#[test]
fn a_text_that_reads_as_a_time_stays_a_text() {
    let subtitle = read("1\n00:00:01,000 --> 00:00:02,000\nTea?\n");
    let changed = subtitle.with_texts(vec!["00:00:05,000 --> 00:00:06,000 <b>he said</b>".to_owned()]).expect("one");
    let written = changed.write(changed.format).text;
    assert_eq!(cues(&written), [cue(1000, 2000, "00:00:05,000 --\u{2060}> 00:00:06,000 <b>he said</b>")]);
    assert_eq!(rewritten(&written), written);
}
