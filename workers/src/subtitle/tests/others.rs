//! What is only read, and what is no subtitle at all.

use super::{Code, Subtitle, cue, cues, read, warnings};
use crate::subtitle::{Format, Hints, SourceFormat};

#[test]
fn microdvd_counts_by_its_own_rate_then_by_the_videos() {
    let text = "{1}{1}25\n{25}{100}{y:i}Well, then.|/Go on.\n{150}{}{c:$0000ff}Last\nwhat\n";
    let expected = [cue(1000, 4000, "<i>Well, then.</i>\n<i>Go on.</i>"), cue(6000, 10_000, "Last")];
    assert_eq!(cues(text), expected);
    assert_eq!((read(text).origin, read(text).format), (SourceFormat::MicroDvd, Format::Srt));
    assert_eq!(warnings(text), [(Code::GuessedEnd, 0), (Code::LostMarkup, 3), (Code::UnknownLine, 4)]);
    let without = "{25}{100}Well\n";
    assert_eq!(Subtitle::read(without).expect_err("no rate").code(), "frame-rate-unknown");
    let hints = Hints { frame_rate: Some(12.5), ..Hints::default() };
    assert_eq!(Subtitle::read_with(without, hints).expect("a rate").cues[0].start, 2000);
    assert_eq!(Subtitle::read_with(&format!("{{1}}{{1}}25\n{without}"), hints).expect("its own").cues[0].start, 1000);
}

#[test]
fn microdvds_codes_become_tags_or_are_said_to_be_lost() {
    for (line, expected, codes) in [
        ("{25}{50}{Y:b}Well,|then.", "<b>Well,\nthen.</b>", vec![]),
        ("{25}{50}{y:b,u}Well,|{y:i}then.", "<u><b>Well,</b></u>\n<i>then.</i>", vec![]),
        ("{25}{50}{P:10,20}Well.", "Well.", vec![Code::LostMarkup]),
        ("{25}{50}{f:Arial}{s:20}Well.", "Well.", vec![Code::LostMarkup]),
    ] {
        let text = format!("{{1}}{{1}}25.000\n{line}\n");
        assert_eq!(cues(&text), [cue(1000, 2000, expected)], "{line}");
        assert_eq!(warnings(&text).into_iter().map(|(code, _)| code).collect::<Vec<_>>(), codes, "{line}");
    }
}

#[test]
fn subviewer_is_told_apart_from_microdvd() {
    let text = "[INFORMATION]\n[TITLE]Harbour\n[END INFORMATION]\n00:04:35.03,00:04:38.82\nWell,[br]then.\n\n00:05:00.00,00:04:00.00\nGo.\n";
    assert_eq!(cues(text), [cue(275_030, 278_820, "Well,\nthen."), cue(300_000, 300_000, "Go.")]);
    assert_eq!((read(text).origin, warnings(text)), (SourceFormat::SubViewer, vec![(Code::EndBeforeStart, 7)]));
}

#[test]
fn what_is_no_subtitle_is_refused_with_its_kind() {
    for (text, code, words) in [
        ("<!DOCTYPE html><html>log in</html>", "not-a-subtitle", "a web page"),
        ("\u{FEFF}\n<HTML>", "not-a-subtitle", "a web page"),
        ("<?xml version=\"1.0\"?><error/>", "not-a-subtitle", "XML"),
        ("{\"error\": \"quota\"}", "not-a-subtitle", "JSON"),
        ("[1, 2]", "not-a-subtitle", "JSON"),
        ("# VobSub index file, v7\nsize: 720x576\n", "image-based", "VobSub"),
        ("hello\nworld", "no-cue", "2 lines"),
        ("", "no-cue", "0 lines"),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n", "no-cue", "SRT"),
    ] {
        let error = Subtitle::read(text).expect_err(text);
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(words), "{error}");
    }
}
