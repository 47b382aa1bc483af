//! Reading and converting take time in proportion to the file, whatever is in it.

use std::time::{Duration, Instant};

use crate::subtitle::{
    Format,
    file::{Declared, read},
};

/// Bytes of each file.
const SIZE: usize = 4 << 20;

/// A tenth of it is done for a file of a tenth of the size: only what grows faster than that fails. Unoptimised code on
/// a busy machine is given much; optimised code takes less than a second.
const TIME_LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 1 });

#[test]
fn four_megabytes_of_anything_take_linear_time() {
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
        "<\n",
        "1\n\n",
        "a\n-\n",
    ] {
        let body = piece.repeat(SIZE / piece.len());
        for head in heads {
            let text = format!("{head}{body}\n");
            let started = Instant::now();
            if let Ok(file) = read(text.as_bytes(), &Declared::default()) {
                let _ = file.subtitle.write(Format::WebVtt);
                let _ = file.subtitle.write(Format::Srt);
            }
            let took = started.elapsed();
            assert!(took < TIME_LIMIT, "{piece:?} behind {head:?} took {took:?}");
        }
    }
}
