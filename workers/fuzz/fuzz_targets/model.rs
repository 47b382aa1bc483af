//! Any bytes as a model's weights: `cargo +nightly fuzz run model -- -max_len=200000`. The engine may panic over them, which
//! installing catches; it must not read beyond them, or ask for more memory than there is.
#![no_main]

use std::{panic, sync::Once};

use libfuzzer_sys::fuzz_target;
use subtitle_contract::language::Language;
use subtitle_workers::translate::engines::firefox::models::{Folder, New, install};

static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    // The fuzzer's own hook would take a caught panic for a crash.
    QUIET.call_once(|| panic::set_hook(Box::new(|_| {})));
    let language = |tag: &str| Language::parse(tag).expect("a tag");
    let files = vec![("model.enpt.bin".to_owned(), bytes.to_vec()), ("vocab.enpt.spm".to_owned(), bytes.to_vec())];
    let new = New { from: language("en"), to: language("pt"), version: String::new(), source: String::new(), files };
    let _ = install(&Folder(std::env::temp_dir().join("subtitles-fuzz-models")), new);
});
