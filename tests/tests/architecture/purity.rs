//! Pure code names no clock, file, network, client or async. Does I/O.

use std::path::Path;

use crate::{
    assert_none,
    sources::{Source, product, sources},
};

/// Folders in which every file must be pure.
const PURE_FOLDERS: [&str; 2] = ["operator/src/decide", "core/contract/src"];

/// Words that pure code must not contain.
const IMPURE: [&str; 18] = [
    "tokio",
    "lapin",
    "redis::",
    "reqwest",
    "object_store",
    "axum",
    "subtitle_broker",
    "subtitle_store",
    "kube::Api",
    "kube::Client",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "Timestamp::now()",
    "Instant::now()",
    ".await",
];

fn says_pure(source: &Source) -> bool {
    let header = source.header();
    header.contains("Pure.") || header.contains("Pure:")
}

fn is_in_pure_folder(source: &Source) -> bool {
    PURE_FOLDERS.iter().any(|folder| Path::new(&source.path).starts_with(folder))
}

#[test]
fn pure_code_names_no_clock_network_file_client_or_async() {
    let pure = product().into_iter().filter(|source| says_pure(source) || is_in_pure_folder(source));
    let breaches: Vec<String> = pure.flat_map(|source| source.lines_with(&IMPURE)).collect();
    assert_none("a file whose header says 'Pure.', and every file of a pure folder, must be pure", &breaches);
}

#[test]
fn a_file_of_a_pure_folder_says_so_or_inherits_it() {
    let mut breaches = Vec::new();
    for folder in PURE_FOLDERS {
        let sources = sources(folder);
        let says = |path: &Path| sources.iter().any(|source| Path::new(&source.path) == path && says_pure(source));
        let inherits = |source: &Source| {
            let above = Path::new(&source.path).ancestors().skip(1).take_while(|above| above.starts_with(folder));
            above.flat_map(|above| [above.join("mod.rs"), above.join("lib.rs")]).any(|parent| says(&parent))
        };
        let silent = sources.iter().filter(|source| !says_pure(source) && !inherits(source));
        breaches.extend(silent.map(|source| source.path.clone()));
    }
    assert_none(
        "the header of a file in a pure folder, or of a mod.rs or lib.rs above it, must say 'Pure.'",
        &breaches,
    );
}

#[test]
fn every_file_opens_with_a_header() {
    let silent = product().into_iter().filter(|source| source.header().is_empty());
    assert_none("every file must open with a //! header", &silent.map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn a_file_does_not_claim_purity_and_io_at_once() {
    let both = product().into_iter().filter(|source| says_pure(source) && source.header().contains("Does I/O."));
    assert_none("a header says 'Pure.' or 'Does I/O.', not both", &both.map(|source| source.path).collect::<Vec<_>>());
}
