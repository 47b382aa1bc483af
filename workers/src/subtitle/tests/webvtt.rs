//! WebVTT, by the standard's parser.

use super::{Code, Subtitle, cue, cues, read, rewritten, warnings};
use crate::subtitle::{Format, SourceFormat};

const EVERYTHING: &str = "\
WEBVTT - harbour\r\nKind: captions\r\n\r\nSTYLE\r\n::cue(i) { color: red }\r\n\r\nREGION\r\nid:top\r\n\r\n\
NOTE\r\na comment\r\n\r\nid - 1\r\n00:01.000 --> 00:02.000 line:0 align:start\r\n<v Anna>Tea &amp; <i>cake</i>?</v>\r\n\
Yes.\r\n\r\n00:xx --> 00:03.000\r\nlost\r\n\r\n\r\n\r\n1:00:04.000 --> 1:00:05.000\r\nkept";

#[test]
fn everything_but_cues_is_passed_over_and_a_bad_cue_does_not_harm_the_next() {
    assert_eq!(
        cues(EVERYTHING),
        [cue(1000, 2000, "<v Anna>Tea &amp; <i>cake</i>?</v>\nYes."), cue(3_604_000, 3_605_000, "kept")]
    );
    let first = &read(EVERYTHING).cues[0];
    assert_eq!((first.id.as_deref(), first.settings.as_deref()), (Some("id - 1"), Some("line:0 align:start")));
    assert_eq!(warnings(EVERYTHING), [(Code::BadTiming, 18)]);
}

#[test]
fn a_file_is_written_back_byte_for_byte_but_for_changed_texts() {
    for text in [EVERYTHING.to_owned(), format!("\u{FEFF}{EVERYTHING}"), EVERYTHING.replace("\r\n", "\r")] {
        assert_eq!(rewritten(&text), text);
    }
    let changed = read(EVERYTHING).with_texts(vec!["Té --> \n\ny pastel.".into(), "kept".into()]).expect("two");
    let expected = EVERYTHING.replace("<v Anna>Tea &amp; <i>cake</i>?</v>\r\nYes.", "Té --&gt; \r\ny pastel.");
    assert_eq!(changed.write(Format::WebVtt).text, expected);
}

#[test]
fn the_signature_must_be_exact() {
    for start in ["WEBVTT", "WEBVTT ", "WEBVTT\ttitle", "\u{FEFF}WEBVTT", "WEBVTT\nX: y"] {
        assert_eq!(read(&format!("{start}\n\n00:01.000 --> 00:02.000\nHi")).origin, SourceFormat::WebVtt, "{start}");
    }
    assert_eq!(read("WEBVTTX\n\n00:01.000 --> 00:02.000\nHi").origin, SourceFormat::Srt);
    let late = "\n WEBVTT\n\n00:01.000 --> 00:02.000\nHi";
    assert_eq!((read(late).origin, warnings(late)), (SourceFormat::WebVtt, vec![(Code::MisplacedSignature, 1)]));
}

#[test]
fn time_lines_are_read_as_the_standard_says_and_other_spellings_as_they_are_meant() {
    for (line, times) in [
        ("00:01.000-->00:02.000", Some((1000, 2000))),
        ("\t00:01.000  -->\t00:02.000", Some((1000, 2000))),
        ("123:00:01.000 --> 123:00:02.000", Some((442_801_000, 442_802_000))),
        ("0:00:01.000 --> 00:00:02.000", Some((1000, 2000))),
        ("60:01.000 --> 60:02.000", Some((3_601_000, 3_602_000))),
        ("0:01.000 --> 0:02.000", Some((1000, 2000))),
        ("00:1.000 --> 00:02.000", Some((1000, 2000))),
        ("00:01.00 --> 00:02.000", Some((1000, 2000))),
        ("00:01.0000 --> 00:02.000", Some((1000, 2000))),
        ("00:01,000 --> 00:02,000", Some((1000, 2000))),
        ("00:00:60.000 --> 00:01:02.000", Some((60_000, 62_000))),
        ("00:60:00.000 --> 00:61:00.000", Some((3_600_000, 3_660_000))),
        ("00:01.000 -> 00:02.000", Some((1000, 2000))),
        ("00:01.000 –> 00:02.000", Some((1000, 2000))),
        ("-00:01.000 --> 00:02.000", Some((0, 2000))),
        ("00:0x.000 --> 00:02.000", None),
        ("00:01.000 00:02.000", None),
    ] {
        let text = format!("WEBVTT\n\n{line}\nHi\n\n99:00:00.000 --> 99:00:01.000\nlast\n");
        let read: Vec<(u64, u64)> = read(&text).cues.iter().map(|cue| (cue.start, cue.end)).collect();
        let expected: Vec<(u64, u64)> = times.into_iter().chain([(356_400_000, 356_401_000)]).collect();
        assert_eq!(read, expected, "{line}");
    }
}

#[test]
fn blocks_end_where_the_standard_ends_them() {
    // No empty line before the second cue; an arrow in the header; an identifier of two lines is none.
    let text = "WEBVTT\n00:01.000 --> 00:02.000\na\n00:03.000 --> 00:04.000\nb\n\nno\nid\n00:05.000 --> 00:06.000\nc\n";
    assert_eq!(cues(text), [cue(1000, 2000, "a"), cue(3000, 4000, "b"), cue(5000, 6000, "c")]);
    assert_eq!(warnings(text), [(Code::IgnoredBlock, 7)]);
    // A second time line is no part of the cue that the first began.
    let text = "WEBVTT\n\n00:01.000 --> 00:02.000\n00:03.000 --> 00:04.000\nb";
    assert_eq!(cues(text), [cue(1000, 2000, ""), cue(3000, 4000, "b")]);
    // A style after the first cue is no style, and a cue may be empty.
    let text = "WEBVTT\n\n00:01.000 --> 00:02.000\n\nSTYLE\n::cue {}\n\n00:03.000 --> 00:04.000\nb";
    assert_eq!(cues(text), [cue(1000, 2000, ""), cue(3000, 4000, "b")]);
    assert_eq!(warnings(text), [(Code::IgnoredBlock, 5)]);
}

#[test]
fn what_has_no_effect_is_reported_and_kept() {
    for (settings, is_known) in [
        ("line:-1 position:10%,line-left align:center size:33.3% vertical:rl region:top", true),
        ("line:10%,end", true),
        ("align:middle", false),
        ("size:101%", false),
        ("line:", false),
        ("bold", false),
    ] {
        let text = format!("WEBVTT\n\n00:01.000 --> 00:02.000 {settings}\nHi");
        assert_eq!(warnings(&text).is_empty(), is_known, "{settings}");
        assert_eq!(rewritten(&text), text);
    }
    let text = "WEBVTT\n\n00:01.000 --> 00:02.000\na\0b <i\n\n00:00.500 --> 00:00.400\nc";
    assert_eq!(cues(text), [cue(1000, 2000, "a\u{FFFD}b &lt;i"), cue(500, 500, "c")]);
    assert_eq!(
        warnings(text),
        [(Code::ReplacedNul, 3), (Code::UnclosedTag, 3), (Code::EndBeforeStart, 6), (Code::OutOfOrder, 6)]
    );
    assert_eq!(rewritten(text), text.replace("a\0b <i", "a\u{FFFD}b &lt;i"));
}

#[test]
fn a_file_without_a_cue_is_an_error() {
    let error = Subtitle::read("WEBVTT\n\nNOTE nothing yet\n").expect_err("no cue");
    assert_eq!(error.code(), "no-cue");
}
