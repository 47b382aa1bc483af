//! Tracks in every container and codec: what is read, and what is said about files that are cut or not what they are called.

use subtitle_workers::{find::SourceId, subtitle::Code};

use super::{
    folder::{ENGLISH, Folder, NAMES, SPANISH, lines, subtitle},
    matroska::{Sizes, Track, element, encoding, film, packed},
    mp4::{in_fragments, ttml, tx3g, with_table, wvtt},
};

fn codec(codec: &'static str, header: &str, blocks: &[(&str, &str)]) -> Vec<u8> {
    let more = element(&[0x63, 0xA2], header.as_bytes());
    let blocks = blocks.iter().map(|(data, more)| (data.as_bytes().to_vec(), more.as_bytes().to_vec())).collect();
    film(&[Track { codec, language: Some("eng"), name: "", more, blocks }], Sizes::Known)
}

#[tokio::test]
async fn webvtt_is_read_as_webm_and_as_matroska_have_it() {
    for (name, bytes) in [
        (
            "film.webm",
            codec("D_WEBVTT/SUBTITLES", "", &[("id\nline:0\nHello,\nAnna.", ""), ("\n\nBye<00:00:03.500> now.", "")]),
        ),
        (
            "film.mkv",
            codec(
                "S_TEXT/WEBVTT",
                "WEBVTT\n\nSTYLE\n::cue { color: red }",
                &[("Hello,\nAnna.", "line:0\nid"), ("Bye<00:00:03.500> now.", "")],
            ),
        ),
    ] {
        let track = Folder::new(&[(name, bytes)]).track(0).await.expect("read");
        assert!(track.text.contains("id\n00:00:00.100 --> 00:00:02.100 line:0\nHello,\nAnna.\n"), "{}", track.text);
        assert_eq!(lines(&track.text), ["Hello,\nAnna.", "Bye now."], "{name}");
    }
}

fn ass(format: &str, blocks: &[&str]) -> Vec<u8> {
    let styles = "[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n";
    let header = format!("[Script Info]\nScriptType: v4.00+\n\n{styles}\n[Events]\nFormat: {format}\n");
    codec("S_TEXT/ASS", &header, &blocks.iter().map(|block| (*block, "")).collect::<Vec<_>>())
}

#[tokio::test]
async fn an_ass_track_is_read_by_the_columns_that_its_blocks_have() {
    for (format, block) in [
        ("Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text", "0,Default,Anna,0,0,0,,"),
        // mkvmerge writes the columns of the mapping, whatever the header says.
        ("Start, End, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text", "0,Default,Anna,0,0,0,,"),
        ("Layer, Start, End, Name, Style, MarginL, MarginR, MarginV, Effect, Text", "0,Default,Anna,0,0,0,,"),
        ("Layer, Start, End, Style, Text", "0,Default,,,,,,"),
        // ffmpeg keeps the file's own.
        ("Layer, Start, End, Name, Style, MarginL, MarginR, MarginV, Effect, Text", "0,Anna,Default,0,0,0,,"),
        ("Layer, Start, End, Style, Text", "0,Default,"),
    ] {
        let blocks: Vec<String> = NAMES.iter().enumerate().map(|(at, line)| format!("{at},{block}{line}")).collect();
        let bytes = ass(format, &blocks.iter().map(String::as_str).collect::<Vec<_>>());
        let track = Folder::new(&[("film.mkv", bytes)]).track(0).await.expect("read");
        let subtitle = subtitle(&track);
        assert_eq!(lines(&track.text), NAMES, "{format} {block}: {}", track.text);
        assert_eq!((subtitle.cues[1].start, subtitle.cues[1].end), (3_100, 5_100));
    }
}

#[tokio::test]
async fn a_text_track_of_another_charset_is_decoded_like_a_file() {
    let latin =
        |line: &str| line.chars().map(|one| u8::try_from(u32::from(one)).expect("Latin-1")).collect::<Vec<u8>>();
    let blocks = SPANISH.iter().map(|line| (latin(line), Vec::new())).collect();
    let track = Track { codec: "S_TEXT/UTF8", language: Some("spa"), name: "", more: Vec::new(), blocks };
    let folder = Folder::new(&[("film.mkv", film(&[track], Sizes::Known))]);
    let (text, _) = folder.download("es", serde_json::json!({})).await.expect("found");
    assert!(text.contains("se apagó antes") && !text.contains('\u{FFFD}'), "{text}");
}

#[tokio::test]
async fn recordings_of_unknown_size_are_read_as_others_are() {
    for sizes in [Sizes::Known, Sizes::UnknownSegment, Sizes::UnknownClusters] {
        let bytes = film(&[Track::text("eng", "", &ENGLISH)], sizes);
        let track = Folder::new(&[("film.mkv", bytes)]).track(0).await.expect("read");
        assert_eq!(lines(&track.text), ENGLISH, "{sizes:?}");
        assert_eq!(track.warnings, [], "{sizes:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_cut_gives_what_is_there_and_says_so() {
    let bytes = film(&[Track::text("eng", "", &ENGLISH)], Sizes::Known);
    let folder = Folder::new(&[("film.mkv", &bytes[..bytes.len() * 6 / 10])]);
    let (text, warnings) = folder.download("en", serde_json::json!({})).await.expect("found");
    let lines = lines(&text);
    assert!(lines.len() > 4 && ENGLISH.starts_with(&lines.iter().map(String::as_str).collect::<Vec<_>>()), "{text}");
    assert!(warnings.iter().any(|warning| warning.contains("ends too early")), "{warnings:?}");
}

/// Each block is within what a block may be; together they would fill the memory.
#[tokio::test]
async fn a_track_that_grows_beyond_any_text_when_it_is_unpacked_is_refused() {
    let block = packed(&vec![b'a'; 1 << 20]);
    for (count, is_read) in [(3, true), (65, false)] {
        let blocks = vec![(block.clone(), Vec::new()); count];
        let track = Track { more: encoding(0, &[]), blocks, ..Track::text("eng", "", &[]) };
        let read = Folder::new(&[("film.mkv", film(&[track], Sizes::Known))]).track(0).await;
        assert_eq!(read.is_ok(), is_read, "{count} blocks");
        assert!(is_read || read.is_err_and(|error| error.contains("larger than it can be")));
    }
}

#[tokio::test]
async fn mp4_tracks_are_read_with_a_table_and_in_fragments() {
    let shown = NAMES.map(str::to_owned);
    for (name, bytes, expected) in [
        ("tx3g", with_table(*b"tx3g", "spa", &tx3g(&NAMES)), &shown[..]),
        ("tx3g in fragments", in_fragments(*b"tx3g", "spa", &tx3g(&NAMES)), &shown[..]),
        ("wvtt", with_table(*b"wvtt", "spa", &wvtt(&NAMES)), &shown[..]),
        ("wvtt in fragments", in_fragments(*b"wvtt", "spa", &wvtt(&NAMES)), &shown[..]),
        ("stpp", with_table(*b"stpp", "spa", &[(ttml(NAMES[0]), 4000)]), &shown[..1]),
    ] {
        let folder = Folder::new(&[("film.mp4", bytes)]);
        assert_eq!(folder.shown(SourceId::Embedded, "es").await, ["track 1: es"], "{name}");
        let track = folder.track(0).await.expect(name);
        assert_eq!(lines(&track.text), expected, "{name}: {}", track.text);
        let first = &subtitle(&track).cues[0];
        assert_eq!((first.start, first.end), (1_000, 3_000), "{name}");
    }
}

#[tokio::test]
async fn a_container_is_told_by_its_content() {
    let bytes = film(&[Track::text("eng", "", &ENGLISH)], Sizes::Known);
    assert_eq!(Folder::new(&[("film.mp4", bytes)]).shown(SourceId::Embedded, "en").await, ["track 1: en"]);
    let bytes = with_table(*b"tx3g", "eng", &tx3g(&NAMES));
    assert_eq!(Folder::new(&[("film.mkv", bytes)]).shown(SourceId::Embedded, "en").await, ["track 1: en"]);
    assert_eq!(Folder::new(&[("film.mkv", "text")]).shown(SourceId::Embedded, "en").await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_movie_without_its_tables_says_that_it_is_cut() {
    let bytes = with_table(*b"tx3g", "eng", &tx3g(&NAMES));
    let error = Folder::new(&[("film.mp4", &bytes[..60])]).list(SourceId::Embedded, "en").await.expect_err("cut");
    assert!(error.contains("it is cut, or was not finished"), "{error}");
}

#[tokio::test]
async fn a_track_in_another_language_than_it_says_is_refused_like_a_file() {
    let blocks: Vec<String> =
        ENGLISH.iter().enumerate().map(|(at, line)| format!("{at},0,Default,,0,0,0,,{line}")).collect();
    let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
    let mut track = Track::text("spa", "", &blocks);
    track.codec = "S_TEXT/ASS";
    for bytes in [film(&[Track::text("spa", "", &ENGLISH)], Sizes::Known), film(&[track], Sizes::Known)] {
        let failure =
            Folder::new(&[("film.mkv", bytes)]).download("es", serde_json::json!({})).await.expect_err("lies");
        assert!(failure.message.contains("its text is in en"), "{}", failure.message);
    }
}

#[test]
fn a_cut_off_video_has_a_code_of_its_own() {
    assert_eq!(Code::CutOff.as_str(), "cut-off");
}

/// How many damaged videos are tried with every run of the tests; `SUBTITLE_MUTATIONS` tries more.
const FEW: u64 = 500;

/// No damage panics or hangs.
#[test]
fn no_damage_breaks_a_reader() {
    let tries = std::env::var("SUBTITLE_MUTATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(FEW);
    let blocks: Vec<String> = NAMES.iter().enumerate().map(|(at, line)| format!("{at},0,Default,{line}")).collect();
    let samples = [
        film(&[Track::text("eng", "", &NAMES)], Sizes::UnknownClusters),
        film(&[Track::text("eng", "", &NAMES), Track::text("und", "Signs", &NAMES)], Sizes::Known),
        codec("D_WEBVTT/SUBTITLES", "", &NAMES.map(|line| (line, ""))),
        ass("Layer, Start, End, Style, Text", &blocks.iter().map(String::as_str).collect::<Vec<_>>()),
        with_table(*b"tx3g", "eng", &tx3g(&NAMES)),
        in_fragments(*b"tx3g", "eng", &tx3g(&NAMES)),
        with_table(*b"wvtt", "eng", &wvtt(&NAMES)),
        in_fragments(*b"wvtt", "eng", &wvtt(&NAMES)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let folder = Folder::new(&[("film.mkv", &samples[0])]);
    for case in 0..tries {
        let mut random = fastrand::Rng::with_seed(case);
        let mut bytes = samples[random.usize(..samples.len())].clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..bytes.len().max(1));
            match random.u8(..4) {
                0 => bytes.truncate(at.max(16)),
                1 => drop(bytes.drain(at..bytes.len().min(at + random.usize(..8)))),
                2 => drop(bytes.splice(at..at, std::iter::repeat_with(|| random.u8(..)).take(4))),
                _ => bytes[at..].iter_mut().take(1).for_each(|byte| *byte = random.u8(..)),
            }
        }
        std::fs::write(folder.path.join("film.mkv"), bytes).expect("written");
        runtime.block_on(async {
            let found = folder.list(SourceId::Embedded, "en").await.unwrap_or_default();
            for at in 0..found.len() {
                let _ = folder.track(at).await;
            }
        });
    }
}
