//! Changed bytes of a small model: `cargo +nightly fuzz run model`. An input is a list of changes, three bytes each: where, and
//! the new byte. The engine may panic over them, which installing catches; it must not read beyond them, or ask for more memory
//! than there is.
#![no_main]

#[path = "../../tests/firefox/files/tiny.rs"]
mod tiny;

use std::{panic, sync::Once};

use libfuzzer_sys::fuzz_target;
use subtitle_contract::language::Language;
use subtitle_workers::translate::engines::firefox::models::{New, check};

static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    // The fuzzer's own hook would take a caught panic for a crash.
    QUIET.call_once(|| panic::set_hook(Box::new(|_| {})));
    let (mut model, mut words) = (tiny::weights(), tiny::words());
    for change in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
        // The vocabulary follows what is interesting of the weights.
        let (file, at) = if at < 0xF000 { (&mut model, at) } else { (&mut words, at - 0xF000) };
        if let Some(byte) = file.get_mut(at) {
            *byte = change[2];
        }
    }
    let language = |tag: &str| Language::parse(tag).expect("a tag");
    let files = vec![("model.enpt.bin".to_owned(), model), ("vocab.enpt.spm".to_owned(), words)];
    let (version, licence, source) = (String::new(), String::new(), String::new());
    let _ = check(&New { from: language("en"), to: language("pt"), version, licence, source, files });
});
