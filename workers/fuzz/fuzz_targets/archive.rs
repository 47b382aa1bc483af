//! Any bytes as a packed file: `cargo +nightly fuzz run archive`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subtitle_workers::subtitle::container::{Episode, LARGEST, WantedMember, unpack};

fuzz_target!(|bytes: &[u8]| {
    let wanted = WantedMember { language: None, episode: Some(Episode { season: Some(1), first: 2, last: 2 }) };
    for wanted in [wanted, WantedMember::default()] {
        if let Ok(unpacked) = unpack(bytes, &wanted) {
            assert!(unpacked.bytes.len() <= LARGEST, "no archive unpacks to more than a subtitle has");
        }
    }
});
