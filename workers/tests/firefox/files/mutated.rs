//! Models with changed bytes: each is refused in a sentence or can be used, and none ends the process or takes all memory.
//! `SUBTITLE_FUZZ_SECONDS=300 cargo test --workspace --test firefox small_model` goes on for five minutes.

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use subtitle_telemetry::chain;
use subtitle_workers::translate::engines::firefox::models::{New, check};

use super::tiny;
use crate::{installed, tag};

/// Of the small model.
const ROUNDS: usize = 3000;
/// Of a real one.
const REAL_ROUNDS: usize = 300;

fn new(model: Vec<u8>, words: Vec<u8>) -> New {
    let files = vec![("model.enpt.bin".to_owned(), model), ("vocab.enpt.spm".to_owned(), words)];
    let (version, licence, source) = (String::new(), String::new(), "a test".to_owned());
    New { from: tag("en"), to: tag("pt"), version, licence, source, files }
}

/// Whether it can be used; the error is one sentence about the file.
fn is_usable(model: Vec<u8>, words: Vec<u8>) -> bool {
    match check(&new(model, words)) {
        Ok(_) => true,
        Err(error) => {
            let why = chain(&error).to_string();
            assert!(why.starts_with("'a test: model.enpt.bin' ") && why.lines().count() == 1, "{why}");
            false
        }
    }
}

#[test]
fn a_small_model_with_changed_bytes_is_refused_or_usable() {
    let (model, words) = (tiny::weights(), tiny::words());
    assert!(is_usable(model.clone(), words.clone()));
    let seconds = env::var("SUBTITLE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (began, mut random) = (Instant::now(), fastrand::Rng::with_seed(18));
    let (mut tried, mut usable) = (0, 0);
    while tried < ROUNDS || began.elapsed() < Duration::from_secs(seconds) {
        let (mut model, mut words) = (model.clone(), words.clone());
        for _ in 0..random.usize(1..4) {
            let bytes = if random.u8(..8) == 0 { &mut words } else { &mut model };
            let at = random.usize(..bytes.len().min(4096));
            bytes[at] = [random.u8(..), 0, 1, 0x7F, 0xFF, b'9'][random.usize(..6)];
        }
        tried += 1;
        usable += usize::from(is_usable(model, words));
    }
    println!("{usable} of {tried} can be used");
    assert!(usable > tried / 20 && usable < tried, "{usable} of {tried}: the changes reach the engine");
}

#[test]
fn a_model_whose_numbers_ask_for_more_memory_than_there_is_is_refused() {
    for (number, larger) in [("dim-emb: 32", "dim-emb: 99999999999"), ("dec-depth: 1", "dec-depth: 9999999999999")] {
        let text = |model: &[u8]| model.windows(number.len()).position(|part| part == number.as_bytes());
        let mut model = tiny::weights();
        let at = text(&model).expect("in the description");
        // The description keeps its length: what follows the number is overwritten.
        model[at..at + larger.len()].copy_from_slice(larger.as_bytes());
        assert!(!is_usable(model, tiny::words()), "{larger}");
    }
}

#[test]
fn a_real_model_with_changed_bytes_is_refused_or_usable() {
    let Some(folder) = installed("firefox-mutated") else { return };
    let read = |name: &str| fs::read(folder.join("en-pt").join(name)).expect("a file");
    let (model, words) = (read("model.enpt.intgemm.alphas.bin"), read("vocab.enpt.spm"));
    let half = |seed: u64| {
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..REAL_ROUNDS / 2 {
            let (mut model, mut words) = (model.clone(), words.clone());
            // Where the numbers are, of which the engine trusts each.
            model[random.usize(16..20_000)] = random.u8(..);
            if round % 3 == 0 {
                words[random.usize(0..2000)] = random.u8(..);
            }
            is_usable(model, words);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| half(18));
        half(81);
    });
}
