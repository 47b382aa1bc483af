//! From each format into each other.

use super::{Code, read};
use crate::subtitle::Format;

fn losses(text: &str, format: Format) -> Vec<Code> {
    read(text).write(format).losses.into_iter().map(|loss| loss.code).collect()
}

#[test]
fn each_format_becomes_each_other() {
    let srt = "1\n00:00:01,000 --> 00:00:59,996\n{\\an8}<i>Tea & cake?</i>\nYes.\n\n";
    let vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:59.996 line:0\n<i>Tea &amp; cake?</i>\nYes.\n\n";
    let event = "Dialogue: 0,0:00:01.00,0:01:00.00,Default,,0,0,0,,{\\an8}{\\i1}Tea & cake?{\\i0}\\NYes.\n";
    assert_eq!(read(srt).write(Format::WebVtt).text, vtt);
    assert_eq!(read(vtt).write(Format::Srt).text, srt);
    for text in [srt, vtt] {
        let written = read(text).write(Format::Ass).text;
        assert!(written.ends_with(event), "{written}");
        assert_eq!(losses(text, Format::Ass), [Code::LostPrecision]);
        let back = read(&written).write(read(text).format).text;
        assert_eq!(back, text.replace("00:00:59,996", "00:01:00,000").replace("00:00:59.996", "00:01:00.000"));
    }
    assert_eq!(losses(srt, Format::WebVtt), []);
}

#[test]
fn what_is_lost_is_said_once_with_a_count() {
    let text = "WEBVTT\n\nNOTE hi\n\na\n00:01.000 --> 00:02.000\n<v Anna>x\n\nb\n00:03.000 --> 00:04.000\n<v Ben>y\n\n00:05.000 --> 00:06.000\n\n";
    let written = read(text).write(Format::Srt);
    let losses: Vec<Code> = written.losses.iter().map(|loss| loss.code).collect();
    assert_eq!(losses, [Code::LostMetadata, Code::EmptyCue, Code::LostIdentifier, Code::LostVoice]);
    assert!(written.losses[2].message.ends_with("(2×)"), "{:?}", written.losses[2]);
    assert_eq!(written.text, "1\n00:00:01,000 --> 00:00:02,000\nx\n\n2\n00:00:03,000 --> 00:00:04,000\ny\n\n");
}
