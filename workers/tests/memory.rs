//! What reading and writing a file costs: at its peak no more than four times the file. The file itself counts until
//! it is read, when the workers let go of it.

use std::fmt::Write as _;

use dhat::{Alloc, HeapStats, Profiler};
use subtitle_workers::subtitle::{Format, Subtitle};

#[global_allocator]
static ALLOCATOR: Alloc = Alloc;

/// 2,000 cues of an ordinary length.
fn film() -> String {
    let mut text = String::new();
    for at in 0..2000 {
        let clock = |second: u32| format!("{:02}:{:02}:{:02},500", second / 3600, second / 60 % 60, second % 60);
        let (start, end) = (clock(at * 3), clock(at * 3 + 2));
        let _ = write!(text, "{}\n{start} --> {end}\nWe should have gone home\nbefore the storm came in.\n\n", at + 1);
    }
    text
}

#[test]
fn memory_stays_below_four_times_the_file() {
    let srt = film();
    let read = Subtitle::read(&srt).expect("a subtitle");
    let files = [Format::Srt, Format::WebVtt, Format::Ass].map(|format| (format, read.write(format).text));
    drop((read, srt));
    for (format, file) in files {
        let length = file.len();
        let profiler = Profiler::builder().testing().build();
        let file = file.clone();
        let subtitle = Subtitle::read(&file).expect("a subtitle");
        drop(file);
        let written = subtitle.write(format).text;
        let peak = HeapStats::get().max_bytes;
        assert_eq!(written.len(), length);
        assert!(peak <= 4 * length, "{format}: {peak} bytes for a file of {length}");
        drop(profiler);
    }
}
