//! Entities are decoded once and encoded once; what web tools leave in files is not shown.

use proptest::prelude::*;

use super::{Code, cues, read, rewritten};
use crate::subtitle::{Cue, Format, Subtitle};

/// A text as a web tool escapes it, and what is meant.
fn escaped() -> impl Strategy<Value = (String, String)> {
    let part = prop_oneof![
        6 => "[a-zA-Z é,.!?]{1,8}".prop_map(|text| (text.clone(), text)),
        2 => prop::sample::select(vec![
            ("&amp;", "&"), ("&#39;", "'"), ("&quot;", "\""), ("&#x2019;", "’"), ("&eacute;", "é"), ("&hellip;", "…"),
            ("&apos;", "'"), ("&mdash;", "—"), ("&nbsp;", "\u{A0}"), ("&gt;", ">"), ("&lt; 3", "< 3"),
        ]).prop_map(|(raw, meant)| (raw.to_owned(), meant.to_owned())),
        1 => prop::sample::select(vec![
            ("<br>", "\n"), ("<BR />", "\n"), ("<em>x</em>", "x"), ("<strong>y</strong>", "y"), ("<p>z</p>", "z"),
            ("<span style=\"color:red\">w</span>", "w"), ("<c.yellow>v</c>", "v"), ("<sighs>", "<sighs>"), ("<3", "<3"),
        ]).prop_map(|(raw, meant)| (raw.to_owned(), meant.to_owned())),
    ];
    prop::collection::vec(part, 1..8).prop_map(|parts| {
        let (raw, meant): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        (format!("a{}b", raw.concat()), format!("a{}b", meant.concat()))
    })
}

fn shown(subtitle: &Subtitle) -> String {
    let plain = subtitle.format.plain(&subtitle.cues[0].text);
    plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn escaped_text_means_its_characters_in_every_format((raw, meant) in escaped()) {
        let expected = meant.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        let subtitle = read(&format!("1\n00:00:01,000 --> 00:00:02,000\n{raw}\n"));
        prop_assert_eq!(&shown(&subtitle), &expected, "{}", raw);
        for format in [Format::Srt, Format::WebVtt, Format::Ass] {
            let written = subtitle.write(format).text;
            prop_assert_eq!(&shown(&read(&written)), &expected, "{}", written);
            prop_assert_eq!(&read(&written).write(format).text, &written);
        }
    }

    #[test]
    fn no_text_changes_when_it_is_escaped_and_read(text in "[a-z&;#<>{}/ltgampy0-9:]{0,24}") {
        let encoded = Format::Srt.encoded(&text).0.into_owned();
        let Ok(subtitle) = Subtitle::from_cues(vec![Cue::new(0, 1, encoded)]) else { return Ok(()) };
        prop_assert_eq!(shown(&subtitle).replace('\u{2060}', ""), text.trim());
    }
}

#[test]
fn a_webvtt_file_gets_each_entity_once() {
    let text = "1\n00:00:01,000 --> 00:00:03,000\nWe borrowed her from Meier &amp; Ditzinger.\n\n2\n00:00:07,000 --> 00:00:09,000\nla huella&nbsp;morisca\n\n3\n00:00:10,000 --> 00:00:12,000\n&lt;i&gt;Come back!&lt;/i&gt;\n\n4\n00:00:13,000 --> 00:00:15,000\nAT&T and R&B\n";
    let written = read(text).write(Format::WebVtt).text;
    for words in ["Meier &amp; Ditzinger", "la huella&nbsp;morisca", "<i>Come back!</i>", "AT&amp;T and R&amp;B"] {
        assert!(written.contains(words) && !written.contains("&amp;amp;"), "{written}");
    }
    assert!(rewritten(text).contains("Meier & Ditzinger"));
}

#[test]
fn html_in_srt_is_a_line_end_a_style_or_nothing() {
    for (raw, canonical) in [
        ("The lantern<br>went out.", "The lantern\nwent out."),
        ("The lantern<br />went out.<BR/>Twice.", "The lantern\nwent out.\nTwice."),
        ("<em>Who</em> has <strong>the map</strong>?", "<i>Who</i> has <b>the map</b>?"),
        ("<span style=\"color:red\">We wait.</span>", "We wait."),
        ("<c.yellow.bg_black>(ALARM)</c>", "(ALARM)"),
        ("<v Anna>In the dark.</v>", "In the dark."),
        ("<p>In winter.</p>", "In winter."),
        ("{b}bold{/b} {y:i}old", "<b>bold</b> <i>old</i>"),
        ("We<00:00:01.500> <c>wait</c>", "We wait"),
        ("<sighs> I see. <3", "<sighs> I see. <3"),
    ] {
        assert_eq!(cues(&format!("1\n00:00:01,000 --> 00:00:03,000\n{raw}\n"))[0].2, canonical);
    }
}

#[test]
fn a_bare_angle_bracket_of_webvtt_is_a_character_and_written_as_one() {
    let text = "WEBVTT\n\n00:01.000 --> 00:03.000\n< Where did you put the map?\n\n00:04.000 --> 00:06.000\n5 < 7, as every <i>child</i> knows.\n\n00:07.000 --> 00:08.000\n<em>Twice</em><br>said.\n";
    let subtitle = read(text);
    let shown: Vec<_> = subtitle.cues.iter().map(|cue| subtitle.format.plain(&cue.text).into_owned()).collect();
    assert_eq!(shown, ["< Where did you put the map?", "5 < 7, as every child knows.", "Twice\nsaid."]);
    let codes: Vec<_> = subtitle.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(codes, [(Code::UnclosedTag, 3), (Code::UnclosedTag, 6), (Code::RepairedTags, 9)]);
    let written = rewritten(text);
    assert!(written.contains("&lt; Where") && written.contains("5 &lt; 7") && written.contains("<i>Twice</i>\nsaid."));
    assert_eq!(rewritten(&written), written);
}
