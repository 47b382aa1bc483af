//! What holds for every file, however strange.

use proptest::prelude::*;

use super::{
    super::{Cue, Format, Subtitle},
    Code,
};

const FORMATS: [Format; 3] = [Format::Srt, Format::WebVtt, Format::Ass];

/// Lines that look like a subtitle's, nearly or really.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[0-9]{1,2}:[0-9]{2}:[0-9]{2}[,.][0-9]{3} --> [0-9]{1,2}:[0-9]{2}:[0-9]{2}[,.][0-9]{3}",
        1 => "-?[0-9:.,：，]{1,14} ?-{1,3} ?> ?[0-9:.,]{1,14}( X1:[0-9]+)?",
        2 => "-?[0-9]{1,3}\\.?",
        2 => "[a-zé♪א<>{}\\\\/&;ibu \u{A0}0-9-]{0,12}",
        1 => "(</? ?[ibus] ?>|<font color=red>|</font>|\\{\\\\an8\\}|[a-z ]{1,3}){1,6}",
        1 => "Dialogue: 0,[0-9]:0[0-9]:0[0-9]\\.[0-9]{2},9:00:00\\.00,Default,,0,0,0,,[a-z{}\\\\Nnhpk1i0,]{0,20}",
        1 => "\\{[0-9]{1,4}\\}\\{[0-9]{0,4}\\}[a-z|/{}:yi]{0,10}",
        1 => "[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{2},[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{2}",
        1 => Just(String::new()),
        1 => prop::sample::select(vec!["WEBVTT", "NOTE", "STYLE", "[Events]", "[Script Info]", "Format: Start, End, Text", "{1}{1}25", "<v Anna>", "\0", "\u{FEFF}"]).prop_map(str::to_owned),
    ]
}

fn file() -> impl Strategy<Value = String> {
    let ending = prop::sample::select(vec!["\n", "\n", "\n\n", "\r\n", "\r"]);
    let start = prop::sample::select(vec!["", "", "WEBVTT\n\n", "[Script Info]\n[Events]\n", "{1}{1}25\n"]);
    (start, prop::collection::vec((line(), ending), 0..24)).prop_map(|(start, lines)| {
        let lines = lines.into_iter().map(|(line, ending)| line + ending);
        start.chars().map(String::from).chain(lines).collect()
    })
}

/// Cues whose text is characters only, for the markup to be put around.
fn spoken() -> impl Strategy<Value = Vec<Cue>> {
    let text = "[a-zA-Zé♪א<>{}\\\\&;:#0-9,.!?>-]{1,9}( [a-zA-Z<>{}&;]{1,6}){0,3}";
    prop::collection::vec((0_u64..400_000_000, 0_u64..9000, prop::collection::vec(text, 1..3)), 1..20).prop_map(
        |cues| {
            let mut cues: Vec<Cue> = cues
                .into_iter()
                .map(|(start, length, lines)| Cue::new(start * 10, (start + length) * 10, lines.join("\n")))
                .collect();
            cues.sort_by_key(|cue| cue.start);
            cues
        },
    )
}

/// Whether a WebVTT file is not written back as it was.
const fn is_repair_of_document(code: Code) -> bool {
    matches!(
        code,
        Code::IrregularTime
            | Code::BlankLineInText
            | Code::JoinedSegments
            | Code::UnclosedTag
            | Code::RepairedTags
            | Code::FoldedCaptions
    )
}

fn timed_text(subtitle: &Subtitle) -> Vec<(u64, u64, String)> {
    // The joiner keeps a text from being read as markup; nobody sees or hears it.
    let plain = |text: &str| subtitle.format.plain(text).replace('\u{2060}', "");
    subtitle.cues.iter().map(|cue| (cue.start, cue.end, plain(&cue.text))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_reader_or_a_writer(text in prop_oneof![file(), any::<String>()]) {
        if let Ok(subtitle) = Subtitle::read(&text) {
            for format in FORMATS {
                let written = subtitle.write(format).text;
                prop_assert!(subtitle.cues.iter().all(|cue| cue.start <= cue.end));
                let _ = Subtitle::read(&written);
            }
        }
    }

    #[test]
    fn the_same_format_keeps_every_byte_or_is_canonical(text in file()) {
        let Ok(subtitle) = Subtitle::read(&text) else { return Ok(()) };
        let written = subtitle.write(subtitle.format).text;
        if subtitle.format == Format::Srt {
            let again = Subtitle::read(&written).expect("what was written reads");
            prop_assert_eq!(again.cues.len(), subtitle.cues.len(), "{}", written);
            prop_assert_eq!(again.write(Format::Srt).text, written);
        } else if subtitle.warnings.iter().any(|warning| is_repair_of_document(warning.code)) {
            let again = Subtitle::read(&written).expect("what was written reads");
            prop_assert_eq!(again.write(subtitle.format).text, written);
        } else {
            prop_assert_eq!(written, text);
        }
    }

    #[test]
    fn conversions_keep_times_and_words(cues in spoken(), from in 0..3_usize, to in 0..3_usize) {
        let encoded = cues.iter().map(|cue| Cue::new(cue.start, cue.end, Format::Srt.encoded(&cue.text).0.into_owned()));
        let srt = Subtitle::from_cues(encoded.collect()).expect("at least one cue");
        let first = Subtitle::read(&srt.write(FORMATS[from]).text).expect("reads");
        let second = Subtitle::read(&first.write(FORMATS[to]).text).expect("reads");
        let expected: Vec<_> = cues.into_iter().map(|cue| (cue.start, cue.end, cue.text)).collect();
        prop_assert_eq!(&timed_text(&first), &expected);
        prop_assert_eq!(&timed_text(&second), &expected);
    }

    #[test]
    fn texts_are_put_where_the_cues_are_and_nowhere_else(text in file(), word in "[a-z]{1,8}") {
        let Ok(subtitle) = Subtitle::read(&text) else { return Ok(()) };
        let format = subtitle.format;
        let times: Vec<_> = subtitle.cues.iter().map(|cue| (cue.start, cue.end)).collect();
        let changed = subtitle.clone().with_texts(vec![word.clone(); times.len()]).expect("as many");
        let again = Subtitle::read(&changed.write(format).text).expect("reads");
        prop_assert_eq!(again.cues.iter().map(|cue| (cue.start, cue.end)).collect::<Vec<_>>(), times);
        prop_assert!(again.cues.iter().all(|cue| cue.text == word));
        let back = again.with_texts(subtitle.cues.iter().map(|cue| cue.text.clone()).collect()).expect("as many");
        if format == Format::Srt {
            prop_assert_eq!(back.write(format).text, subtitle.write(format).text);
        }
    }
}
