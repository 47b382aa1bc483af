//! Any bytes through every step, as a download is opened: `cargo +nightly fuzz run file`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subtitle_workers::subtitle::file::{Declared, read};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = read(bytes, &Declared::default()) {
        assert!(file.subtitle.cues.iter().all(|cue| cue.start <= cue.end));
    }
});
