//! Real files' oddities, each with the rule it holds.

use super::{Cue, Format, Subtitle};

fn read(text: &str) -> Vec<(u64, u64, String)> {
    let subtitle = Subtitle::read(text).expect("a subtitle");
    subtitle.cues.into_iter().map(|cue| (cue.start, cue.end, cue.text)).collect()
}

fn one(text: &str) -> (u64, u64, String) {
    let cues = read(text);
    assert_eq!(cues.len(), 1, "{cues:?}");
    cues[0].clone()
}

#[test]
fn srt_times_are_read_in_every_common_spelling() {
    for line in [
        "00:00:01,500 --> 00:00:04,000",
        "0:0:1.5 -> 0:0:4",
        "00:00:01:500 --> 00:00:04:000",
        "00：00：01，500 --> 00：00：04，000",
        "00:00:01,500 - > 00:00:04,000",
        "00:00:01,500 ---> 00:00:04,000  X1:10 Y1:20",
        "00:01,500 --> 00:04,000",
    ] {
        assert_eq!(one(&format!("1\n{line}\nHi\n")), (1500, 4000, "Hi".into()), "{line}");
    }
    assert_eq!(one("1\n-00:00:01,000 --> 00:00:02,000\nHi"), (0, 2000, "Hi".into()));
    assert_eq!(one("1\n00:00:05,000 --> 00:00:02,000\nHi"), (5000, 5000, "Hi".into()));
}

#[test]
fn srt_cues_survive_missing_blank_lines_indexes_and_mixed_line_ends() {
    let text = "\u{FEFF}1\r\n00:00:01,000 --> 00:00:02,000\r\nfirst\r00:00:03,000 --> 00:00:04,000\nsecond\n\nstill second\n3\n00:00:05,000 --> 00:00:06,000\nthird";
    assert_eq!(
        read(text),
        [(1000, 2000, "first".into()), (3000, 4000, "second\nstill second".into()), (5000, 6000, "third".to_owned()),]
    );
}

#[test]
fn cues_are_ordered_by_start_and_empty_ones_go() {
    let text = "1\n00:00:05,000 --> 00:00:06,000\nb\n\n2\n00:00:01,000 --> 00:00:02,000\na\n\n3\n00:00:07,000 --> 00:00:08,000\n\n";
    assert_eq!(read(text), [(1000, 2000, "a".into()), (5000, 6000, "b".to_owned())]);
}

#[test]
fn webvtt_drops_what_is_not_dialogue_and_a_bad_cue() {
    let text = "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE a comment\n\nid-1\n00:01.000 --> 00:02.000 line:0\n<v Anna>Tea &amp; <i>cake</i>?</v>\n\n00:xx --> 00:03.000\nlost\n\n00:04.000 --> 00:05.000\nkept\n";
    assert_eq!(read(text), [(1000, 2000, "Tea & <i>cake</i>?".into()), (4000, 5000, "kept".to_owned())]);
}

#[test]
fn ass_keeps_commas_breaks_and_italics_but_no_drawing() {
    let text = "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Text\nDialogue: 0,0:00:01.50,0:00:04.00,Default,{\\an8\\i1}Well, then{\\i0}\\Ngo.\nDialogue: 0,0:00:05.00,0:00:06.00,Default,{\\p1}m 0 0 l 1 1{\\p0}\nComment: 0,0:00:07.00,0:00:08.00,Default,no\n";
    assert_eq!(one(text), (1500, 4000, "<i>Well, then</i>\ngo.".into()));
}

#[test]
fn what_is_no_subtitle_is_refused_with_its_kind() {
    for (text, words) in [
        ("<!DOCTYPE html><html>log in</html>", "a web page"),
        ("{\"error\": \"quota\"}", "JSON"),
        ("hello\nworld", "no cue"),
        ("", "no cue"),
    ] {
        let error = Subtitle::read(text).expect_err(text).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// A small deterministic generator: the tests need variety, not secrecy.
fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

#[test]
fn what_is_written_reads_back_the_same_in_every_format() {
    for seed in 0..200 {
        let mut number = numbers(seed);
        let mut start = 0;
        let cues: Vec<Cue> = (0..=number(20))
            .map(|_| {
                start += 1 + number(5000);
                let words = ["Anna & co", "<i>now</i>", "3 < 4", "♪", "1999", "שלום", "- No.\n- Yes."];
                let text: Vec<&str> =
                    (0..=number(3)).map(|_| words[usize::try_from(number(7)).expect("small")]).collect();
                Cue { start, end: start + number(4000), text: format!("Say {}", text.join(" ")) }
            })
            .collect();
        for format in [Format::Srt, Format::WebVtt] {
            let written = Subtitle { format, cues: cues.clone() }.write(format);
            assert_eq!(Subtitle::read(&written).expect("reads").cues, cues, "seed {seed}, {format}:\n{written}");
        }
    }
}

#[test]
fn no_garbage_breaks_a_reader() {
    let parts = [
        "00:00:01,0",
        " --> ",
        "\n",
        "WEBVTT\n\n",
        "<",
        ">",
        "{\\",
        "}",
        "Dialogue:",
        ",",
        "9999999999999999999999:",
        "-",
        "é",
        "\u{FEFF}",
        "[Events]\n",
        "Format:",
    ];
    for seed in 0..2000 {
        let mut number = numbers(seed);
        let text: String = (0..number(30)).map(|_| parts[usize::try_from(number(16)).expect("small")]).collect();
        let _ = Subtitle::read(&text);
    }
}
