//! Each format's markup, by its rules.

use super::{Format, convert, convert::Converted, repaired};
use crate::subtitle::{Code, warning::Losses};

fn converted(from: Format, to: Format, text: &str, settings: Option<&str>) -> (Converted, Vec<Code>) {
    let mut losses = Losses::default();
    let converted = convert(from, to, text, settings, &mut losses);
    (converted, losses.warnings().into_iter().map(|warning| warning.code).collect())
}

#[test]
fn plain_text_has_no_markup_and_no_entity() {
    for (format, text, plain) in [
        (Format::Srt, "{\\an8}<i>Go</i> <font color=\"#ff0000\">now</font>", "Go now"),
        (Format::Srt, "I <3 you, <sighs> & 3 < 4", "I <3 you, <sighs> & 3 < 4"),
        (Format::WebVtt, "<v.loud Anna>Tea &amp; &lt;cake&gt;&nbsp;&eacute;&#33;</v>", "Tea & <cake>\u{A0}é!"),
        (Format::WebVtt, "<00:01.000>one <c.red>two</c>\n<lang en>three</lang>", "one two\nthree"),
        (Format::WebVtt, "a&lrm;b&rlm;c &amp;lt;", "a\u{200E}b\u{200F}c &lt;"),
        (Format::WebVtt, "<ruby>漢<rt>kan</rt></ruby>", "漢kan"),
        // By the standard, what follows a bare `<` is not shown; here nothing is lost.
        (Format::WebVtt, "3 < 4 and 5 > 2", "3 < 4 and 5 > 2"),
        (Format::WebVtt, "kept < all this <i", "kept < all this <i"),
        (Format::WebVtt, "<em>The lantern</em><br>went<br />out.", "The lantern\nwent\nout."),
        (Format::Srt, "Meier &amp; Ditzinger, AT&T &amp;lt;", "Meier & Ditzinger, AT&T &lt;"),
        (Format::Ass, "{\\an8\\i1}Well, {note}then{\\i0}\\NGo\\hon\\nnow", "Well, then\nGo\u{A0}on\nnow"),
        (Format::Ass, "{\\p1}m 0 0 l 1 1{\\p0}said{\\t(0,9,\\p1)} too", "said too"),
        (Format::Ass, "{\\k20}Ka{\\K30}ra", "Kara"),
        (Format::Ass, "both \\{braces\\} and an open { one", "both {braces} and an open { one"),
    ] {
        assert_eq!(format.plain(text), plain, "{format}: {text}");
    }
}

#[test]
fn segments_add_up_to_the_text() {
    for text in ["<i>a</i>\n{\\an8}<b", "{\\p1}m{\\p0}\\Nx\\{y\\}{", "<v A>&amp;\n</v><"] {
        for format in [Format::Srt, Format::WebVtt, Format::Ass] {
            let raw: String = format.segments(text).iter().map(|segment| segment.raw).collect();
            assert_eq!(raw, text, "{format}");
        }
    }
}

#[test]
fn srt_tags_are_spelled_nested_and_closed() {
    for (text, expected) in [
        ("<i>open", "<i>open</i>"),
        ("closed</i>", "closed"),
        ("< I >spaced</ i>", "<i>spaced</i>"),
        ("<b><i>crossed</b> over</i>", "<b><i>crossed</i></b><i> over</i>"),
        ("<font color=red>open", "<font color=red>open</font>"),
        ("<s>gone< /S >", "<s>gone</s>"),
        ("<i></i>nothing <u>in</b> it", "nothing <u>in it</u>"),
    ] {
        let repaired = repaired(text);
        let once = repaired.as_ref().map_or(text, |repair| repair.text.as_str());
        assert_eq!(once, expected);
        assert_eq!(super::repaired(once), None, "{once}");
    }
    for text in ["I <3 you, <sighs>", "<b\n>", "{\\an8 <\nb>}"] {
        assert_eq!(repaired(text), None);
    }
}

#[test]
fn styles_and_places_survive_between_formats() {
    let (to_ass, losses) = converted(Format::Srt, Format::Ass, "{\\an8}<i>Tea {now}</i>\n<b>go</b>", None);
    assert_eq!(to_ass.text, "{\\an8}{\\i1}Tea \\{now\\}{\\i0}\\N{\\b1}go{\\b0}");
    assert_eq!(losses, []);
    let (back, losses) = converted(Format::Ass, Format::Srt, &to_ass.text, None);
    assert_eq!((back.text.as_str(), losses), ("{\\an8}<i>Tea {now}</i>\n<b>go</b>", Vec::new()));
    let (first, _) = converted(Format::Ass, Format::Srt, "{\\an8}Tea{\\an5}", None);
    assert_eq!(first.text, "{\\an8}Tea");
    for place in 1..=9 {
        let text = format!("{{\\an{place}}}x");
        let (vtt, _) = converted(Format::Srt, Format::WebVtt, &text, None);
        let (back, losses) = converted(Format::WebVtt, Format::Srt, &vtt.text, vtt.settings.as_deref());
        assert_eq!((back.text, losses), (if place == 2 { "x".to_owned() } else { text }, Vec::new()));
    }
}

#[test]
fn what_the_target_cannot_say_is_reported() {
    for (from, to, text, settings, expected, codes) in [
        (Format::WebVtt, Format::Srt, "<v Anna>Tea</v>", None, "Tea", vec![Code::LostVoice]),
        (
            Format::WebVtt,
            Format::Srt,
            "<00:01.000>Tea",
            Some("line:70%"),
            "Tea",
            vec![Code::LostPosition, Code::LostKaraoke],
        ),
        (Format::WebVtt, Format::Srt, "&lt;i&gt;", None, "<\u{2060}i>", vec![Code::AlteredText]),
        (
            Format::Ass,
            Format::WebVtt,
            "{\\pos(1,2)\\s1\\blur3}Tea",
            None,
            "Tea",
            vec![Code::LostPosition, Code::LostStyle, Code::LostMarkup],
        ),
        (Format::Ass, Format::Srt, "{\\k10}Tea{\\rOther}", None, "Tea", vec![Code::LostKaraoke]),
        (Format::Srt, Format::WebVtt, "<font color=red>a --> b</font>", None, "a --&gt; b", vec![Code::LostMarkup]),
    ] {
        let (converted, losses) = converted(from, to, text, settings);
        assert_eq!((converted.text.as_str(), losses), (expected, codes));
    }
}
