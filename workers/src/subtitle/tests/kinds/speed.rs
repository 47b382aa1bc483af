//! Reading and converting take time in proportion to the file, whatever is in it.

use std::time::{Duration, Instant};

use crate::subtitle::{
    Format,
    file::{Declared, read},
};

/// Bytes of the two files of each kind.
const SIZES: [usize; 2] = [32 << 10, 512 << 10];

/// How much longer the larger may take: it is 16 times as large, and 256 times what grows with the square.
const MAX_RATIO: u32 = 64;

/// What is too short to be compared: the clock may stand for some milliseconds. What grows with the square takes seconds.
const NOISE: Duration = Duration::from_millis(250);

/// The time that this thread was on a processor, which other programs do not change.
fn processor_time(since: Instant) -> Duration {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = schedule.and_then(|schedule| schedule.split_whitespace().next()?.parse().ok());
    spent.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

#[test]
fn anything_takes_linear_time() {
    let since = Instant::now();
    let heads =
        ["1\n00:00:01,000 --> 00:00:02,000\nHi ", "WEBVTT\n\n00:01.000 --> 00:02.000\nHi ", "{1}{1}25\n{1}{99}Hi "];
    for piece in [
        "<",
        "‹",
        "&",
        "{",
        "{\\",
        "<b",
        "<i>x",
        "<b><i>x</b>",
        "-->",
        "00:00:01,000 -",
        "1:",
        "&amp;",
        "x<br>",
        "é",
        "Ã©",
        "\u{C3}\u{A9}\u{FFFD}",
        "<\n",
        "1\n\n",
        "\n\nx",
        "\n\nWEBVTT",
        "```\n",
        "a\n-\n",
    ] {
        for head in heads {
            let [short, long] = SIZES.map(|size| {
                let text = format!("{head}{}\n", piece.repeat(size / piece.len()));
                let started = processor_time(since);
                if let Ok(file) = read(text.as_bytes(), &Declared::default()) {
                    let _ = file.subtitle.write(Format::WebVtt);
                    let _ = file.subtitle.write(Format::Srt);
                }
                processor_time(since).saturating_sub(started)
            });
            assert!(long <= short * MAX_RATIO + NOISE, "{piece:?} behind {head:?} took {short:?}, then {long:?}");
        }
    }
}
