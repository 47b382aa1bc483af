//! Files of every format, in many charsets and packed or not, damaged at random: nothing panics, and converting what was converted changes nothing.
//! `SUBTITLE_MUTATIONS=500000` tries more of them, `SUBTITLE_MUTATIONS_SEED` others.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use subtitle_contract::language::Language;

use super::formats::TWO_CUES;
use crate::subtitle::{
    Format, Subtitle,
    file::{Declared, read},
};

const FORMATS: [Format; 3] = [Format::Srt, Format::WebVtt, Format::Ass];

/// How many are tried with every run of the tests.
const FEW: u64 = 5_000;
/// How many are tried when asked.
const MANY: u64 = 60_000;
/// Far more than a file of a few hundred bytes takes on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(5);

const OTHERS: [&str; 6] = [
    "1\r\n00:00:01,000 --> 00:00:03,000\r\n{\\an8}<i>The lantern &amp; the map</i>\r\n- Who has it?\r\n\r\n2\r\n00:00:05,000 –> 00:00:07,000\r\n<font color=\"red\">We wait.\r\n\r\nCue 3\r\n0-1:58:22,135 --> 00:00:08,000\r\n<br>12:30 -> 14:00\r\n",
    "WEBVTT - harbour\n\nSTYLE\n::cue(i) { color: red }\n\nNOTE by Anna\n\nid\n00:01.000 --> 00:03.000 line:0 align:start\n<v Anna>The lantern &lt; <i>out</i></v>\n\n00:00:05,000 --> 00:00:07,000\n< We wait<br>here.\n\nWEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:09.000 --> 00:10.000\nlast\n",
    "WEBVTT\n\n00:00.160 --> 00:03.360\n \nthe<00:00.493><c> lantern</c>\n\n00:03.360 --> 00:03.370\nthe lantern\n \n\n00:03.370 --> 00:06.570\nthe lantern\ndid<00:04.100><c> it</c>\n\n00:06.570 --> 00:06.580\ndid it\n \n\n00:06.580 --> 00:09.000\ndid it\ngo<00:07.000><c> out</c>\n\n00:09.000 --> 00:10.000\ngo out\nat once\n",
    "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\an8\\i1}The lantern{\\i0}\\Nwent out.\nDialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\k20}The {\\k30}map\nDialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0{\\p0}\\h<i>& \\{x\\}\n",
    "1\n00:00:01,000 --> 00:00:02,000\nfirst\n00:00:03,000 --> 00:00:04,000\n\n00:00:05,000 --> 00:00:06,000\n00:00:07,000 --> 00:00:08,000\nlast\n\n9999\n",
    "1\n00:00:01,000 --> 00:00:02,000\n&lt;b&gt;שלום&lt;/b&gt; &amp;amp;lt;\n\n2\n00:00:02,000 --> 00:00:03,000\n&#60;i>日本 ♪\n",
];

/// Pieces that readers look for.
const PIECES: [&str; 24] = [
    "\n",
    "\n\n",
    "-->",
    "<",
    ">",
    "&",
    "&lt;",
    "&amp;",
    "{\\an8}",
    "{",
    "}",
    "WEBVTT\n",
    "NOTE",
    "00:00:01,000",
    "1:",
    "<br>",
    "<i>",
    "</i>",
    "–> ",
    "\u{200B}",
    "\u{2060}",
    "[00:01.00]",
    "\r",
    "<00:00:01.000>",
];

fn mutated(sample: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(0..=bytes.len());
        let end = random.usize(at..=bytes.len().min(at + 40));
        match random.u8(0..8) {
            0 if at < bytes.len() => bytes[at] = random.u8(..),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.splice(at..at, PIECES[random.usize(..PIECES.len())].bytes()).for_each(drop),
            3 => {
                let copied = bytes[at..end].to_vec();
                bytes.splice(at..at, copied);
            }
            4 => bytes.truncate(at),
            5 => {
                let from = random.usize(0..=other.len());
                let to = random.usize(from..=other.len().min(from + 60));
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            6 => {
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                random.shuffle(&mut lines);
                bytes = lines.concat();
            }
            _ => bytes.insert(at, b"0123456789:,.<>-{}[]&; \n"[random.usize(..24)]),
        }
    }
    bytes
}

/// The text as a file of some charset, and perhaps packed.
fn packed(text: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let decoded = String::from_utf8_lossy(text);
    let encoded = match random.u8(0..8) {
        0 => decoded.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => std::iter::once(0xFEFF).chain(decoded.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
        2 => {
            let charset = ["windows-1252", "windows-1255", "gb18030", "shift_jis", "koi8-r", "iso-2022-jp"];
            let charset = charset[random.usize(..charset.len())].as_bytes();
            encoding_rs::Encoding::for_label(charset).expect("known").encode(&decoded).0.into_owned()
        }
        3 => decoded.bytes().map(char::from).collect::<String>().into_bytes(),
        _ => text.to_vec(),
    };
    let mut packed = match random.u8(0..12) {
        0 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&encoded).expect("packs");
            gzip.finish().expect("packs")
        }
        1 => {
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            zip.start_file("film.es.srt", zip::write::SimpleFileOptions::default()).expect("starts");
            zip.write_all(&encoded).expect("packs");
            zip.finish().expect("packs").into_inner()
        }
        _ => return encoded,
    };
    if random.bool() && !packed.is_empty() {
        let at = random.usize(..packed.len());
        packed[at] = random.u8(..);
    }
    packed
}

/// Some thousand with every run of the tests.
#[test]
fn nothing_panics_and_a_second_conversion_changes_nothing() {
    try_mutations(FEW);
}

#[test]
#[ignore = "tries fifty thousand, or as many as SUBTITLE_MUTATIONS says, in some seconds"]
fn fifty_thousand_damaged_files_break_nothing() {
    try_mutations(number("SUBTITLE_MUTATIONS").unwrap_or(MANY));
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn try_mutations(tries: u64) {
    let seed = number("SUBTITLE_MUTATIONS_SEED").unwrap_or(7);
    let samples: Vec<&str> = TWO_CUES.iter().map(|(_, text)| *text).chain(OTHERS).collect();
    let declared = ["es", "he", "ru", "zh", "ja"].map(|tag| Language::parse(tag).expect("a tag"));
    let mut reads = 0;
    for case in 0..tries {
        let mut random = fastrand::Rng::with_seed(seed * 1_000_003 + case);
        let [sample, other] = [(); 2].map(|()| samples[random.usize(..samples.len())]);
        let bytes = mutated(sample.as_bytes(), other.as_bytes(), &mut random);
        let bytes = packed(&bytes, &mut random);
        let language = declared.get(random.usize(..declared.len() * 2));
        let what = || format!("case {case} of seed {seed}: {:?}", String::from_utf8_lossy(&bytes));
        let started = Instant::now();
        if let Ok(file) = read(&bytes, &Declared { frame_rate: Some(25.0), language, ..Declared::default() }) {
            reads += 1;
            assert!(file.subtitle.cues.iter().all(|cue| cue.start <= cue.end), "{}", what());
            for format in FORMATS {
                let once = file.subtitle.write(format).text;
                let again = Subtitle::read(&once).unwrap_or_else(|error| panic!("{error}: {}\n{once:?}", what()));
                assert_eq!(again.format, format, "{}", what());
                assert_eq!(again.write(format).text, once, "{format}: {}", what());
            }
        }
        assert!(started.elapsed() < TIME_LIMIT, "{} took {:?}", what(), started.elapsed());
    }
    assert!(reads * 2 > tries, "most are still subtitles: {reads} of {tries}");
}
