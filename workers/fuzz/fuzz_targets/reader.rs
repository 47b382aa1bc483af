//! Any text through every reader and writer: `cargo +nightly fuzz run reader`. The first byte chooses what the text
//! begins with, so that each reader is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subtitle_workers::subtitle::{Format, Hints, Subtitle};

const STARTS: [&str; 12] = [
    "",
    "WEBVTT\n\n",
    "[Script Info]\n[Events]\n",
    "{1}{1}25\n",
    "00:00:01.00,00:00:02.00\n",
    "1\n",
    "[10][20]",
    "[00:00:01]\n",
    "00:00:01:",
    "[00:01.00]",
    "<SAMI><SYNC Start=1000>",
    "<tt><body><p begin=\"1s\" end=\"2s\">",
];

fuzz_target!(|input: (u8, &str)| {
    let (start, text) = input;
    let text = format!("{}{text}", STARTS[usize::from(start) % STARTS.len()]);
    let Ok(subtitle) = Subtitle::read_with(&text, Hints { frame_rate: Some(25.0), has_mark: false }) else { return };
    for format in [Format::Srt, Format::WebVtt, Format::Ass] {
        let written = subtitle.write(format).text;
        let again = Subtitle::read(&written).expect("what was written reads");
        assert_eq!(again.write(format).text, written, "a second conversion changes nothing");
        if format == subtitle.format && format == Format::Ass {
            assert_eq!(written, text, "an ASS file keeps every byte");
        }
    }
});
