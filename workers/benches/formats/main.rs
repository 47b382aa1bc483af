//! How fast files are read and written: 2,000 cues of our own dialogue, each format beside three libraries that read it.
//! One iteration reads a text and writes the same format again, on one core. `cargo bench -p subtitle-workers`.

mod pysubs2;

use std::{fmt::Write as _, hint::black_box, str::FromStr as _, time::Duration};

use aspasia::{AssSubtitle, SubRipSubtitle, WebVttSubtitle};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use subtitle_workers::subtitle::{Format, Subtitle};

const LINES: [&str; 6] = [
    "We should have gone home before the storm.",
    "The boats are all in the harbour now,\nand nobody knows where he went.",
    "<i>Do you think he will come back?</i>",
    "- I asked at the inn.\n- And what did they say?",
    "He left early, without a word.",
    "Señor Álvarez? ¿Dónde está el capitán?",
];

/// A film's subtitles.
fn film() -> String {
    let mut text = String::new();
    for at in 0..2000_u32 {
        let (seconds, line) = (at * 3, LINES[at as usize % LINES.len()]);
        let clock =
            |second: u32, rest| format!("{:02}:{:02}:{:02},{rest:03}", second / 3600, second / 60 % 60, second % 60);
        let _ = write!(text, "{}\n{} --> {}\n{line}\n\n", at + 1, clock(seconds, 120), clock(seconds + 2, 480));
    }
    text
}

fn round(text: &str, format: Format) -> String {
    Subtitle::read(text).expect("a subtitle").write(format).text
}

fn formats(criterion: &mut Criterion) {
    let srt = film();
    let read = Subtitle::read(&srt).expect("a subtitle");
    let (vtt, ass) = (read.write(Format::WebVtt).text, read.write(Format::Ass).text);
    let python = pysubs2::find();

    let mut group = criterion.benchmark_group("srt");
    group.throughput(Throughput::Bytes(srt.len() as u64));
    group.bench_function("ours", |bencher| bencher.iter(|| round(black_box(&srt), Format::Srt)));
    group.bench_function("fasrt", |bencher| {
        bencher.iter(|| {
            let entries: Vec<_> = fasrt::srt::Parser::lossy(black_box(&srt)).filter_map(Result::ok).collect();
            let mut written = Vec::new();
            fasrt::srt::Writer::new(&mut written).write_all(&entries).expect("memory");
            written
        });
    });
    group.bench_function("aspasia", |bencher| {
        bencher.iter(|| SubRipSubtitle::from_str(black_box(&srt)).expect("a subtitle").to_string());
    });
    pysubs2::bench(&mut group, python.as_ref(), "srt", &srt);
    group.finish();

    let mut group = criterion.benchmark_group("webvtt");
    group.throughput(Throughput::Bytes(vtt.len() as u64));
    group.bench_function("ours", |bencher| bencher.iter(|| round(black_box(&vtt), Format::WebVtt)));
    group.bench_function("fasrt", |bencher| {
        bencher.iter(|| {
            let blocks: Vec<_> = fasrt::vtt::Parser::new(black_box(&vtt)).filter_map(Result::ok).collect();
            let mut written = Vec::new();
            let mut writer = fasrt::vtt::Writer::new(&mut written);
            for block in &blocks {
                writer.write(block).expect("memory");
            }
            written
        });
    });
    group.bench_function("aspasia", |bencher| {
        bencher.iter(|| WebVttSubtitle::from_str(black_box(&vtt)).expect("a subtitle").to_string());
    });
    pysubs2::bench(&mut group, python.as_ref(), "vtt", &vtt);
    group.finish();

    let mut group = criterion.benchmark_group("ass");
    group.throughput(Throughput::Bytes(ass.len() as u64));
    group.bench_function("ours", |bencher| bencher.iter(|| round(black_box(&ass), Format::Ass)));
    group.bench_function("fasrt", |bencher| {
        bencher.iter(|| {
            let blocks: Vec<_> = fasrt::ass::Parser::lossy(black_box(&ass)).filter_map(Result::ok).collect();
            let mut written = Vec::new();
            fasrt::ass::Writer::new(&mut written).write_all(&blocks).expect("memory");
            written
        });
    });
    group.bench_function("aspasia", |bencher| {
        bencher.iter(|| AssSubtitle::from_str(black_box(&ass)).expect("a subtitle").to_string());
    });
    pysubs2::bench(&mut group, python.as_ref(), "ass", &ass);
    group.finish();

    let mut group = criterion.benchmark_group("conversions");
    group.throughput(Throughput::Bytes(srt.len() as u64));
    group.bench_function("srt-to-webvtt", |bencher| bencher.iter(|| round(black_box(&srt), Format::WebVtt)));
    group.bench_function("srt-to-ass", |bencher| bencher.iter(|| round(black_box(&srt), Format::Ass)));
    group.bench_function("ass-to-srt", |bencher| bencher.iter(|| round(black_box(&ass), Format::Srt)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    targets = formats
}
criterion_main!(benches);
