//! Archives as providers serve them, built here byte by byte, since no writer creates malicious ones.

use std::io::Write as _;

use flate2::{
    Compression, Crc,
    write::{DeflateEncoder, GzEncoder},
};
use proptest::prelude::*;
use subtitle_contract::language::Language;

use super::{Episode, LARGEST, Packed, WantedMember, unpack};

const SRT: &[u8] = b"1\n00:00:01,000 --> 00:00:02,000\nTea?\n\n";

struct Entry {
    name: Vec<u8>,
    bytes: Vec<u8>,
    is_encrypted: bool,
}

fn entry(name: &str, bytes: &[u8]) -> Entry {
    Entry { name: name.as_bytes().to_vec(), bytes: bytes.to_vec(), is_encrypted: false }
}

/// A deflated zip with names as they are.
pub(in super::super) fn zip(entries: &[(&[u8], &[u8])]) -> Vec<u8> {
    let entry =
        |(name, bytes): &(&[u8], &[u8])| Entry { name: name.to_vec(), bytes: bytes.to_vec(), is_encrypted: false };
    zip_of(&entries.iter().map(entry).collect::<Vec<_>>())
}

fn zip_of(entries: &[Entry]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let short = |length: usize| u16::try_from(length).expect("short").to_le_bytes();
    let long = |length: usize| u32::try_from(length).expect("long").to_le_bytes();
    for Entry { name, bytes, is_encrypted } in entries {
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory");
        let packed = encoder.finish().expect("memory");
        let mut header = [&[20, 0][..], &[u8::from(*is_encrypted), 0, 8, 0, 0, 0, 0, 0]].concat();
        header.extend(
            [&crc.sum().to_le_bytes()[..], &long(packed.len()), &long(bytes.len()), &short(name.len()), &[0, 0]]
                .concat(),
        );
        let offset = archive.len();
        archive.extend([b"PK\x03\x04", &header[..], name, &packed].concat());
        directory.extend([b"PK\x01\x02\x14\0", &header[..], &[0; 10], &long(offset), name].concat());
    }
    let count = short(entries.len());
    let end =
        [b"PK\x05\x06\0\0\0\0", &count[..], &count, &long(directory.len()), &long(archive.len()), &[0, 0]].concat();
    [archive, directory, end].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn taken(archive: &[u8], wanted: &WantedMember<'_>) -> Result<String, Packed> {
    unpack(archive, wanted).map(|unpacked| String::from_utf8_lossy(&unpacked.bytes).into_owned())
}

#[test]
fn content_decides_not_a_name_and_layers_are_undone() {
    let text = String::from_utf8_lossy(SRT);
    for packed in [SRT.to_vec(), gzip(SRT), zip_of(&[entry("a.srt", SRT)]), gzip(&zip_of(&[entry("a.dat", SRT)]))] {
        assert_eq!(taken(&packed, &WantedMember::default()).expect("a subtitle"), text);
    }
    let twice = gzip(&gzip(&gzip(SRT)));
    assert_eq!(taken(&twice, &WantedMember::default()).expect_err("too deep").code(), "unsupported-archive");
}

#[test]
fn the_subtitle_is_found_among_companions_whatever_its_name() {
    let archive = zip_of(&[
        entry("read me.nfo", b"00:00:01,000 --> 00:00:02,000"),
        entry("__MACOSX/._film.srt", SRT),
        entry("poster.jpg", b"\xFF\xD8\xFF"),
        entry("notes.txt", b"thanks to all"),
        entry("folder/film", b"1\n00:00:01,000 --> 00:00:02,000\nno extension\n"),
    ]);
    assert!(taken(&archive, &WantedMember::default()).expect("a subtitle").contains("no extension"));
    let none = zip_of(&[entry("notes.txt", b"thanks to all"), entry("a.nfo", b"")]);
    assert_eq!(taken(&none, &WantedMember::default()), Err(Packed::NoSubtitle { members: 2 }));
}

#[test]
fn the_member_is_chosen_by_episode_then_language_never_by_place() {
    let names = [
        "Harbour.S07E08.en.srt",
        "Harbour.S07E10.en.srt",
        "Harbour.S07E10.es.forced.srt",
        "Harbour.S07E10.es.srt",
        "Harbour.S07E10E11.es.srt",
        "Harbour.7x12.srt",
    ];
    let archive =
        zip_of(&names.map(|name| entry(name, format!("1\n00:00:01,000 --> 00:00:02,000\n{name}\n").as_bytes())));
    let taken = |tag: &str, season: u16, first: u16, last: u16| {
        let language = Language::parse(tag).expect("a tag");
        let episode = Some(Episode { season: Some(season), first, last });
        let text = taken(&archive, &WantedMember { language: Some(&language), episode })?;
        Ok(text.lines().nth(2).unwrap_or_default().to_owned())
    };
    assert_eq!(taken("en", 7, 10, 10).as_deref(), Ok("Harbour.S07E10.en.srt"));
    assert_eq!(taken("es", 7, 10, 10).as_deref(), Ok("Harbour.S07E10.es.srt"));
    assert_eq!(taken("es", 7, 10, 11).as_deref(), Ok("Harbour.S07E10E11.es.srt"));
    assert_eq!(taken("fr", 7, 12, 12).as_deref(), Ok("Harbour.7x12.srt"));
    for (season, first, last) in [(7, 9, 9), (6, 10, 10), (7, 8, 9)] {
        let Err(Packed::OtherEpisodes(others)) = taken("en", season, first, last) else { panic!("S{season}E{first}") };
        assert_eq!(others, "S07E08, S07E10, S07E10-E11, S07E12");
    }
}

#[test]
fn parts_of_a_film_are_not_taken_for_the_whole() {
    let archive = zip_of(&[entry("film.cd1.srt", SRT), entry("film.cd2.srt", SRT)]);
    assert_eq!(taken(&archive, &WantedMember::default()), Err(Packed::SeveralParts(2)));
}

#[test]
fn paths_lead_nowhere_and_names_may_be_of_any_charset() {
    let archive = zip_of(&[entry("../../etc/film.srt", SRT)]);
    assert!(taken(&archive, &WantedMember::default()).is_ok());
    let archive = zip(&[(b"\x8F\x8E\x93.srt", SRT)]);
    assert!(taken(&archive, &WantedMember::default()).is_ok());
}

#[test]
fn what_cannot_be_opened_has_a_reason() {
    let encrypted = Entry { is_encrypted: true, ..entry("film.srt", SRT) };
    let whole = zip_of(&[entry("film.srt", &SRT.repeat(50))]);
    for (bytes, code) in [
        (b"Rar!\x1A\x07\x01\0rest".to_vec(), "unsupported-archive"),
        (b"Rar!\x1A\x07\0rest".to_vec(), "unsupported-archive"),
        (b"PK\x07\x08PK\x03\x04the first of three".to_vec(), "damaged-archive"),
        (b"7z\xBC\xAF\x27\x1C\0".to_vec(), "unsupported-archive"),
        (zip_of(&[encrypted]), "encrypted-archive"),
        (whole[..whole.len() - 30].to_vec(), "damaged-archive"),
        (gzip(SRT)[..20].to_vec(), "damaged-archive"),
        (b"PK\x05\x06".iter().copied().chain([0; 18]).collect(), "no-subtitle-in-archive"),
        (zip_of(&[entry("film.idx", b""), entry("film.sub", b"\0\0\x01\xBA\x44")]), "image-based"),
        (b"\x89PNG\r\n\x1A\n".to_vec(), "not-a-subtitle"),
        (b"\x1A\x45\xDF\xA3\x01".to_vec(), "not-a-subtitle"),
        (b"\0\0\x01\xBA\x44".to_vec(), "image-based"),
        (vec![b' '; LARGEST + 1], "too-large"),
    ] {
        let error = unpack(&bytes, &WantedMember::default()).expect_err(code);
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn bombs_cost_nothing() {
    let zeros = vec![0; LARGEST + 1];
    assert_eq!(unpack(&gzip(&zeros), &WantedMember::default()), Err(Packed::TooLarge));
    assert_eq!(unpack(&zip_of(&[entry("film.srt", &zeros)]), &WantedMember::default()), Err(Packed::TooLarge));
    let small = vec![0; 4 << 20];
    assert_eq!(unpack(&zip_of(&[entry("film.srt", &small)]), &WantedMember::default()), Err(Packed::TooLarge));
    let many: Vec<Entry> = (0..2001).map(|at| entry(&at.to_string(), b"")).collect();
    assert_eq!(unpack(&zip_of(&many), &WantedMember::default()), Err(Packed::TooLarge));
}

proptest! {
    #[test]
    fn no_bytes_break_it(start in prop::sample::select(vec![&b"PK\x03\x04"[..], b"\x1F\x8B\x08\0", b""]), rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = unpack(&[start, &rest].concat(), &WantedMember::default());
    }

    #[test]
    fn no_damage_breaks_it(at in 0..500_usize, byte in any::<u8>(), cut in 0..500_usize) {
        let mut archive = zip_of(&[entry("a.s01e02.en.srt", &SRT.repeat(9)), entry("é.txt", SRT)]);
        let at = at % archive.len();
        archive[at] = byte;
        let _ = unpack(&archive, &WantedMember::default());
        let _ = unpack(&archive[..cut % archive.len()], &WantedMember::default());
    }
}
