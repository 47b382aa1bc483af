//! Damaged files of all kinds through the process that reads them: none needs more memory than the limit or more time than its
//! size allows. `SUBTITLE_FUZZ_SECONDS=3600 cargo test --workspace --test cases -- --ignored damaged` goes on for an hour.

use std::{
    env,
    io::Write as _,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use subtitle_workers::{find::parser::Parser, subtitle::file::Declared};

use super::{
    confined::{PROGRAM, in_a_process, tracks},
    folder::{ENGLISH, Folder, SPANISH, ass},
    matroska::{Sizes, Track, film},
};

/// What starting a process and reading a megabyte may take on a busy machine.
const START: Duration = Duration::from_secs(5);
const PER_MEGABYTE: Duration = Duration::from_secs(3);

fn samples() -> Vec<Vec<u8>> {
    let srt = |at: usize| format!("{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n<i>{}</i>\n\n", ENGLISH[at]);
    let srt: String = (0..16).map(srt).collect();
    let vtt = format!("WEBVTT\n\nSTYLE\n::cue {{}}\n\n{}", srt.replace(',', "."));
    let ass = ass(&SPANISH.map(|line| format!("{{\\i1}}{line}")));
    let ttml = format!(
        "<tt xmlns='http://www.w3.org/ns/ttml'><body><div>{}</div></body></tt>",
        SPANISH.map(|line| format!("<p begin='1s' end='2s'>{line}</p>")).concat()
    );
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(srt.as_bytes()).expect("memory");
    let films = [Sizes::Known, Sizes::UnknownSegment, Sizes::UnknownClusters]
        .map(|sizes| film(&[Track::text("spa", "", &SPANISH), Track::text("eng", "", &ENGLISH)], sizes));
    let texts = [srt, vtt, ass, ttml].map(String::into_bytes);
    texts.into_iter().chain([gzip.finish().expect("memory")]).chain(films).collect()
}

fn damaged(sample: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..random.usize(1..8) {
        let at = random.usize(0..bytes.len().max(1)).min(bytes.len());
        let end = random.usize(at..=bytes.len().min(at + 64));
        match random.u8(0..5) {
            0 if at < bytes.len() => bytes[at] = random.u8(..),
            1 => drop(bytes.drain(at..end)),
            // A part many times, up to some megabytes.
            2 => {
                let part = bytes[at..end].repeat(1 << random.u32(0..16));
                bytes.splice(at..at, part).for_each(drop);
            }
            3 => bytes.truncate(at),
            _ => bytes.extend_from_within(at..end),
        }
    }
    bytes
}

#[tokio::test]
#[ignore = "runs for SUBTITLE_FUZZ_SECONDS, 60 unless set"]
async fn damaged_files_stay_within_memory_and_time_per_megabyte() {
    let seconds = env::var("SUBTITLE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let seed = env::var("SUBTITLE_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let (samples, mut random, began) = (samples(), fastrand::Rng::with_seed(seed), Instant::now());
    let (mut tried, mut slowest) = (0_u64, Duration::ZERO);
    while began.elapsed() < Duration::from_secs(seconds) {
        let bytes = damaged(&samples[random.usize(..samples.len())], &mut random);
        let megabytes = u32::try_from(bytes.len() >> 20).expect("small");
        let started = Instant::now();
        let failure = if bytes.starts_with(&[0x1A, 0x45]) {
            let folder = Folder::new(&[("film.mkv", &bytes)]);
            tracks(&in_a_process(&folder)).await.err()
        } else {
            let read = Parser::by_program(PROGRAM).text(bytes.clone().into(), &Declared::default()).await;
            read.err().map(|error| error.to_string())
        };
        let took = started.elapsed();
        let why = failure.unwrap_or_default();
        assert!(!why.contains("within 256 MiB"), "the {tried}th of seed {seed}, {} bytes: {why}", bytes.len());
        assert!(
            took < START + PER_MEGABYTE * megabytes,
            "the {tried}th of seed {seed}, {} bytes: {took:?}",
            bytes.len()
        );
        (tried, slowest) = (tried + 1, slowest.max(took));
    }
    println!(
        "{tried} files in {:?}, {:?} each, the slowest {slowest:?}",
        began.elapsed(),
        began.elapsed() / u32::try_from(tried).unwrap_or(1)
    );
}
