//! Any bytes in any language through the decoder: `cargo +nightly fuzz run charset`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subtitle_contract::language::Language;
use subtitle_workers::subtitle::charset;

const LANGUAGES: [&str; 10] = ["en", "he", "ar", "ru", "pl", "zh", "ja", "ko", "th", "sr"];

fuzz_target!(|input: (u8, &[u8])| {
    let (language, bytes) = input;
    let language = Language::parse(LANGUAGES[usize::from(language) % LANGUAGES.len()]).expect("a tag");
    let _ = charset::decode(bytes, Some(&language));
    let _ = charset::decode(bytes, None);
});
