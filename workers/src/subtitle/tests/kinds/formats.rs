//! Formats that are only read, and those that are only recognised.

use super::{Code, Subtitle, cue, cues, read, warnings};
use crate::subtitle::{Format, Hints, SourceFormat};

/// One file of each format with the same two cues.
pub(super) const TWO_CUES: [(SourceFormat, &str); 9] = [
    (SourceFormat::MicroDvd, "{1}{1}25\n{25}{75}{y:i}The lantern|went out.|\n{125}{175}Who has the map?\n"),
    (SourceFormat::Mpl2, "[10][30]/The lantern|/went out.\n[50][70]Who has the map?\n"),
    (
        SourceFormat::SubViewer,
        "[INFORMATION]\n[TITLE]x\n[END INFORMATION]\n00:00:01.00,00:00:03.00\n<i>The lantern[br]went out.</i>\n\n00:00:05.00,00:00:07.00\nWho has the map?\n",
    ),
    (
        SourceFormat::SubViewer1,
        "[TITLE]\nx\n\n[00:00:01]\n<i>The lantern|went out.</i>\n[00:00:03]\n\n[00:00:05]\nWho has the map?\n[00:00:07]\n",
    ),
    (
        SourceFormat::Sbv,
        "0:00:01.000,0:00:03.000\n<i>The lantern\nwent out.</i>\n\n0:00:05.000,0:00:07.000\nWho has the map?\n",
    ),
    (
        SourceFormat::TmPlayer,
        "00:00:01:<i>The lantern|went out.</i>\n00:00:03:\n00:00:05:Who has the map?\n00:00:07:\n",
    ),
    (
        SourceFormat::Lrc,
        "[ti:Harbour]\n[by:Anna]\n[00:01.00]<i>The <00:01.50>lantern<br>went out.</i>\n[00:03.00]\n[00:05.00]Who has the map?\n[00:07.00]\n",
    ),
    (
        SourceFormat::Sami,
        "<SAMI><HEAD><STYLE TYPE=\"text/css\"><!-- P { color: white } .ENCC { lang: en } --></STYLE></HEAD><BODY>\n<SYNC Start=1000><P Class=ENCC><i>The lantern<br>\nwent out.</i>\n<SYNC Start=3000><P Class=ENCC>&nbsp;\n<SYNC Start=5000><P Class=ENCC>Who has the map?\n<SYNC Start=7000><P Class=ENCC>&nbsp;</BODY></SAMI>",
    ),
    (
        SourceFormat::Ttml,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- made by hand -->\n<tt xmlns=\"http://www.w3.org/ns/ttml\" xmlns:tts=\"http://www.w3.org/ns/ttml#styling\" xml:lang=\"en\"><head><styling><style xml:id=\"s\" tts:fontStyle=\"italic\"/></styling></head><body><div>\n<p begin=\"00:00:01.000\" end=\"00:00:03.000\" style=\"s\">The lantern<br/>\n   went out.</p>\n<p begin=\"5s\" dur=\"2s\">Who has the map?</p></div></body></tt>",
    ),
];

#[test]
fn every_format_gives_the_same_cues() {
    for (origin, text) in TWO_CUES {
        for text in [text.to_owned(), format!("\u{FEFF}{}", text.replace('\n', "\r\n"))] {
            let subtitle = read(&text);
            assert_eq!((subtitle.origin, subtitle.format), (origin, Format::Srt));
            let name = origin.name();
            let shown: Vec<_> = subtitle
                .cues
                .iter()
                .map(|cue| (cue.start, cue.end, Format::Srt.plain(&cue.text).into_owned()))
                .collect();
            assert_eq!(
                shown,
                [cue(1000, 3000, "The lantern\nwent out."), cue(5000, 7000, "Who has the map?")],
                "{name}"
            );
            assert!(subtitle.cues[0].text.contains("<i>"), "{name}: {}", subtitle.cues[0].text);
            assert_eq!(subtitle.unread_cues(), 0, "{name}");
            for format in [Format::Srt, Format::WebVtt, Format::Ass] {
                assert_eq!(read(&subtitle.write(format).text).cues.len(), 2, "{name}");
            }
        }
    }
}

#[test]
fn starts_without_an_end_last_up_to_the_next_or_a_few_seconds() {
    assert_eq!(
        cues("00:00:01:The lantern.\n00:00:02:Who has it?\n00:01:00,1=The\n00:01:00,2=map.\n"),
        [cue(1000, 2000, "The lantern."), cue(2000, 6000, "Who has it?"), cue(60_000, 64_000, "The\nmap.")]
    );
    let lrc = "[offset:500]\n[00:01.50][00:09.50]Again\n[00:04.50]Once\n";
    assert_eq!(cues(lrc), [cue(1000, 4000, "Again"), cue(4000, 9000, "Once"), cue(9000, 19_000, "Again")]);
    assert!(warnings(lrc).contains(&(Code::GuessedEnd, 0)));
}

#[test]
fn microdvds_odd_first_lines_and_frames_are_read() {
    let text = "{0}{0}0\n{DEFAULT}{}{C:$0000ff}\n{-10}{20}Before.\n{24}{72}{c:$0000ff}{Y:b}The lantern.|\n";
    let hints = Hints { frame_rate: Some(24.0), ..Hints::default() };
    let subtitle = Subtitle::read_with(text, hints).expect("a rate");
    let found: Vec<_> = subtitle.cues.iter().map(|cue| (cue.start, cue.end, cue.text.clone())).collect();
    assert_eq!(found, [cue(0, 833, "Before."), cue(1000, 3000, "<b>The lantern.</b>")]);
    assert!(subtitle.warnings.iter().any(|warning| warning.code == Code::NegativeTime));
    assert_eq!(Subtitle::read(text).expect_err("no rate").code(), "frame-rate-unknown");
}

#[test]
fn a_frame_rate_may_have_its_unit() {
    for first in ["23.976", "23,976", "23.976fps", "23.976 FPS"] {
        assert_eq!(cues(&format!("{{1}}{{1}}{first}\n{{24}}{{48}}The lantern.\n")), [cue(1001, 2002, "The lantern.")]);
    }
}

#[test]
fn times_of_subviewer_and_sbv_are_read_with_commas_and_spaces() {
    for (first, second) in [
        ("0:00:01,000,0:00:03,000", "0:00:05,000,0:00:07,000"),
        ("0:00:01.000,0:00:03.000", "0:00:05,000,0:00:07,000"),
        ("00:00:01.00 , 00:00:03.00", "00:00:05.00 --> 00:00:07.00"),
    ] {
        let text = format!("{first}\nThe lantern.\n\n{second}\nWho has the map?\n");
        assert_eq!(cues(&text), [cue(1000, 3000, "The lantern."), cue(5000, 7000, "Who has the map?")], "{text}");
    }
}

#[test]
fn events_of_ass_are_read_by_any_format_line() {
    for (format, event) in [
        ("Format: Start, End, Text", "Dialogue: 0:00:01.00,0:00:03.00,The lantern, out."),
        ("format: start,end,text", "dialogue:0:00:01.00,0:00:03.00,The lantern, out."),
        ("Format:Text,End,Start", "Dialogue: The lantern, out."),
        ("Format: Layer, Start, End, Text, Style", "Dialogue: 0,0:00:01.00,0:00:03.00,The lantern, out.,Default"),
        (" Format: Layer, Start, End, Style, Text", " Dialogue: 0, 0:00:01.0 , 0:00:03.000 ,Default,The lantern, out."),
        ("", "Dialogue: Marked=0,0:00:01.00,0:00:03.00,Default,,0,0,0,,The lantern, out."),
    ] {
        let text = format!("[Script Info]\nScriptType: v4.00+\n\n[Events]\n{format}\n{event}\n");
        let Ok(subtitle) = Subtitle::read(&text) else {
            // A text in front of the times has no end that could be found.
            assert!(format.starts_with("Format:Text"), "{text}");
            continue;
        };
        let shown: Vec<_> = subtitle.cues.iter().map(|one| (one.start, one.end, one.text.clone())).collect();
        assert_eq!(shown, [cue(1000, 3000, "The lantern, out.")], "{text}");
        assert_eq!(subtitle.write(Format::Ass).text, text, "every byte is kept");
    }
}

#[test]
fn paragraphs_of_sami_without_a_class_or_with_odd_times_are_not_lost() {
    let text = "<SAMI><BODY><sync start=\"1000ms\"><p class=ENCC>One.<SYNC Start=3000>Two.<SYNC Start=-5><P>Zero.<SYNC Start=9000><P Class=KRCC>안녕<SYNC Start=10000><P Class=ENCC>Three.</BODY></SAMI>";
    assert_eq!(
        cues(text).iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>(),
        ["Zero.", "One.", "Two.", "Three."]
    );
    assert_eq!(read("<SAMI><BODY><SYNC Start=1000><P>One.<SYNC Start=soon><P>Two.</BODY></SAMI>").unread_cues(), 1);
}

#[test]
fn of_several_languages_in_sami_the_one_with_most_cues_is_read() {
    let text = "<SAMI><BODY><SYNC Start=1000><P Class=KRCC>안녕<P Class=ENCC>The lantern &amp; the map\n<SYNC Start=2000><P Class=ENCC>went out.<SYNC Start=2500><P Class=KRCC>&nbsp</BODY></SAMI>";
    assert_eq!(cues(text), [cue(1000, 2000, "The lantern & the map"), cue(2000, 12_000, "went out.")]);
    assert!(warnings(text).contains(&(Code::ChosenLanguage, 0)));
}

#[test]
fn ttml_counts_in_frames_ticks_and_from_its_parents_start() {
    let tt = |attributes: &str, body: &str| {
        format!("<tt:tt xmlns:tt=\"http://www.w3.org/ns/ttml\" {attributes}><tt:body>{body}</tt:body></tt:tt>")
    };
    let frames = tt(
        "ttp:frameRate=\"25\"",
        "<tt:div begin=\"10s\"><tt:p begin=\"00:00:01:05\" end=\"50f\">A &lt; B&#33;</tt:p></tt:div>",
    );
    assert_eq!(cues(&frames), [cue(11_200, 12_000, "A < B!")]);
    let ticks = tt("ttp:tickRate=\"10000000\"", "<tt:p begin=\"10000000t\" end=\"35000000t\">A</tt:p>");
    assert_eq!(cues(&ticks), [cue(1000, 3500, "A")]);
    let drop = tt(
        "ttp:frameRate=\"30\" ttp:frameRateMultiplier=\"1000 1001\"",
        "<tt:p begin=\"00:00:01:00\" end=\"00:00:02:15\">A</tt:p>",
    );
    assert_eq!(cues(&drop), [cue(1000, 2501, "A")]);
    let spans = tt(
        "",
        "<tt:p><tt:span begin=\"1s\" end=\"2s\">One</tt:span> <tt:span begin=\"2s\" end=\"3s\">two</tt:span></tt:p>",
    );
    assert_eq!(cues(&spans), [cue(1000, 2000, "One"), cue(2000, 3000, "two")]);
    let region = "<tt><head><layout><region xml:id=\"top\" tts:displayAlign=\"before\" tts:origin=\"10% 5%\"/></layout></head><body><p region=\"top\" begin=\"1s\" end=\"2s\">Up</p></body></tt>";
    assert_eq!(cues(region), [cue(1000, 2000, "{\\an8}Up")]);
}

#[test]
fn ttml_that_is_cut_off_or_has_a_bad_time_is_read_as_far_as_it_goes() {
    let text = "<tt><body><div>\n<p begin=\"1s\" end=\"2s\">One.</p>\n<p begin=\"soon\">Lost.</p>\n<p begin=\"3s\" end=\"4s\">Two";
    assert_eq!(cues(text), [cue(1000, 2000, "One."), cue(3000, 4000, "Two")]);
    assert!(read(text).unread_cues() >= 1);
    let error = Subtitle::read("<tt><body><p>no time</p></body></tt>").expect_err("no cue");
    assert!(error.to_string().contains("TTML"), "{error}");
}

#[test]
fn formats_that_are_not_read_are_named_without_talk_of_log_ins() {
    for (text, name) in [
        ("Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420 94ae\n", "SCC"),
        ("850STL25.01\u{20}\u{20}", "EBU STL"),
        ("{\"segments\":[{\"start\":1.0,\"end\":3.0,\"text\":\"The lantern.\"}]}", "JSON"),
        ("start\tend\ttext\n1000\t3000\tThe lantern.\n", "TSV"),
        (
            "<?xml version=\"1.0\"?><timedtext format=\"3\"><body><p t=\"1\" d=\"2\">A</p></body></timedtext>",
            "timed text",
        ),
        ("<transcript><text start=\"1.2\" dur=\"2.3\">A</text></transcript>", "timed text"),
    ] {
        let error = Subtitle::read(text).expect_err(name);
        assert_eq!(error.code(), "unsupported-format");
        let error = error.to_string();
        assert!(error.contains(name) && !error.contains("log-in"), "{error}");
    }
}

/// One file of each format that is also written.
const WRITTEN: [(SourceFormat, &str); 4] = [
    (SourceFormat::Srt, "1\n00:00:01,000 --> 00:00:03,000\nThe lantern went out.\n"),
    (SourceFormat::WebVtt, "WEBVTT\n\n00:01.000 --> 00:03.000\nThe lantern went out.\n"),
    (
        SourceFormat::Ass,
        "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:03.00,The lantern went out.\n",
    ),
    (
        SourceFormat::Ssa,
        "[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\n\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:03.00,The lantern went out.\n",
    ),
];

#[test]
fn the_readmes_list_of_what_is_read_is_the_one_that_is_tested() {
    let samples: Vec<(SourceFormat, &str)> = WRITTEN.into_iter().chain(TWO_CUES).collect();
    for (origin, text) in &samples {
        assert_eq!(read(text).origin, *origin);
    }
    for origin in SourceFormat::ALL {
        assert!(samples.iter().any(|(sample, _)| *sample == origin), "{} has no sample", origin.name());
    }
    assert_eq!(samples.len(), SourceFormat::ALL.len());
    let [read @ .., last] = SourceFormat::ALL.map(SourceFormat::name);
    let written = [Format::Srt, Format::WebVtt, Format::Ass].map(Format::name);
    let sentence = format!(
        "It reads {} and {last}, and writes {}, {} and {}.",
        read.join(", "),
        written[0],
        written[1],
        written[2]
    );
    let readme = include_str!("../../../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(readme.contains(&sentence), "README.md does not say: {sentence}");
}
