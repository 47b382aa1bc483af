//! The Matroska path under damage: a file made here byte by byte (RFC 8794, RFC 9559), then broken in every way. No
//! bytes may panic, hang or grow; a whole file gives its cues.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf};

use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;
use subtitle_contract::job::Video;
use subtitle_workers::{
    find::{
        FetchedContent, Finder, Libraries, ListRequest, Search as _, SourceId, TaskBudget,
        guard::{Guard, GuardedClient},
    },
    subtitle::file,
};

/// An EBML element with an eight-byte size.
fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let size = (content.len() as u64 | 1 << 56).to_be_bytes();
    [id, &size, content].concat()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// One compressed subtitle track with one block.
fn film(codec: &str, text: &[u8]) -> Vec<u8> {
    let versions = [element(&[0x42, 0x87], &[4]), element(&[0x42, 0x85], &[2])].concat();
    let header = element(&[0x1A, 0x45, 0xDF, 0xA3], &[element(&[0x42, 0x82], b"matroska"), versions].concat());
    let info = element(
        &[0x15, 0x49, 0xA9, 0x66],
        &[
            element(&[0x2A, 0xD7, 0xB1], &1_000_000_u32.to_be_bytes()),
            element(&[0x4D, 0x80], b"test"),
            element(&[0x57, 0x41], b"test"),
        ]
        .concat(),
    );
    let compression = element(&[0x50, 0x34], &element(&[0x42, 0x54], &[0]));
    let encoding = element(
        &[0x62, 0x40],
        &[element(&[0x50, 0x31], &[0]), element(&[0x50, 0x32], &[1]), element(&[0x50, 0x33], &[0]), compression]
            .concat(),
    );
    let entry = [
        element(&[0xD7], &[1]),
        element(&[0x73, 0xC5], &[1]),
        element(&[0x83], &[17]),
        element(&[0x86], codec.as_bytes()),
        element(&[0x22, 0xB5, 0x9C], b"spa"),
        element(&[0x6D, 0x80], &encoding),
    ];
    let tracks = element(&[0x16, 0x54, 0xAE, 0x6B], &element(&[0xAE], &entry.concat()));
    let block = [&[0x81, 0, 9, 0][..], &zlib(text)].concat();
    let group = element(&[0xA0], &[element(&[0xA1], &block), element(&[0x9B], &[200])].concat());
    let cluster = element(&[0x1F, 0x43, 0xB6, 0x75], &[element(&[0xE7], &[10]), group].concat());
    [header, element(&[0x18, 0x53, 0x80, 0x67], &[info, tracks, cluster].concat())].concat()
}

/// What the embedded source makes of a file: its cues, or the sentence that says why not.
fn cues(bytes: &[u8]) -> Result<Vec<(u64, u64, String)>, String> {
    let folder = std::env::temp_dir().join(format!(
        "subtitles-matroska-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("film.mkv"), bytes).expect("written");
    let result = read(&folder);
    let _ = std::fs::remove_dir_all(folder);
    result
}

fn read(folder: &std::path::Path) -> Result<Vec<(u64, u64, String)>, String> {
    // The one TLS provider, which this source never needs.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let libraries =
        Libraries::new(BTreeMap::from([("films".to_owned(), PathBuf::from(folder))]), None, reqwest::Client::new());
    let finder = Finder::new(libraries, GuardedClient::new(Guard::default()).expect("a client"));
    let video = Video { library: "films".into(), path: Some("film.mkv".into()), ..Video::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let budget = TaskBudget::default();
    let request = ListRequest::new(&video, &[], &budget);
    runtime.block_on(async {
        let found = finder.list(SourceId::Embedded, &request).await.map_err(|error| error.to_string())?;
        let mut cues = Vec::new();
        for track in found {
            if let FetchedContent::Track(read) = finder.fetch(&track).await.map_err(|error| error.to_string())? {
                let read = file::read(read.text.as_bytes(), &file::Declared::default());
                let read = read.map_err(|error| error.to_string())?.subtitle.cues;
                cues.extend(read.into_iter().map(|cue| (cue.start, cue.end, cue.text)));
            }
        }
        Ok(cues)
    })
}

#[test]
fn a_whole_file_gives_its_cues_in_every_markup() {
    for (codec, text, expected) in [
        ("S_TEXT/UTF8", "<i>Hola</i>", "<i>Hola</i>"),
        ("S_TEXT/WEBVTT", "<v Ana>Hola &amp; adiós", "<v Ana>Hola &amp; adiós"),
        ("D_WEBVTT/SUBTITLES", "id\nline:0\nHola", "Hola"),
    ] {
        assert_eq!(cues(&film(codec, text.as_bytes())), Ok(vec![(19, 219, expected.to_owned())]), "{codec}");
    }
    // ASS counts in hundredths of a second.
    for text in ["0,0,Default,,0,0,0,,{\\i1}Hola{\\i0}, Ana", "0,0,Ana,Default,0,0,0,,{\\i1}Hola{\\i0}, Ana"] {
        let expected = vec![(20, 220, "{\\i1}Hola{\\i0}, Ana".to_owned())];
        assert_eq!(cues(&film("S_TEXT/ASS", text.as_bytes())), Ok(expected), "{text}");
    }
}

#[test]
fn a_block_that_grows_without_end_is_cut_or_refused() {
    let cues = cues(&film("S_TEXT/UTF8", &vec![b'a'; 64 << 20]));
    assert!(cues.is_err() || cues.is_ok_and(|cues| cues[0].2.len() <= 1 << 20));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_breaks_it(at in 0..400_usize, byte in any::<u8>(), cut in 0..400_usize) {
        let mut film = film("S_TEXT/UTF8", b"Hola");
        let at = at % film.len();
        film[at] = byte;
        let _ = cues(&film);
        let _ = cues(&film[..cut % film.len()]);
    }

    #[test]
    fn no_bytes_break_it(rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = cues(&[&[0x1A, 0x45, 0xDF, 0xA3][..], &rest].concat());
    }
}
