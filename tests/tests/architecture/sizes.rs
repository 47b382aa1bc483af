//! Files and folders stay small. Does I/O.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    assert_none,
    sources::{CRATES, all_files, product, with_tests},
};

/// Maximum number of lines of a file.
const MAX_LINES: usize = 400;
/// Maximum median of the lines of the product's files.
const MEDIAN_LINES: usize = 120;
/// Maximum number of Rust files in a folder; subfolders do not count.
const MAX_FILES: usize = 9;
/// The folders of the test crate.
const TESTS: [&str; 4] = ["tests/src", "tests/tests", "tests/bench", "tests/fakes/src"];
/// Tests beside the crates' sources.
const CRATE_TESTS: [&str; 3] = ["core", "operator/tests", "workers/tests"];

#[test]
fn no_file_has_more_than_400_lines() {
    let files = CRATES.iter().chain(&TESTS).chain(&CRATE_TESTS).flat_map(|folder| with_tests(folder));
    let long = files.filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > MAX_LINES).then(|| format!("{}: {lines} lines", source.path))
    });
    assert_none("no file may have more than 400 lines", &long.collect::<Vec<_>>());
}

#[test]
fn the_median_file_has_at_most_120_lines() {
    let mut lines: Vec<usize> = product().iter().map(|source| source.text.lines().count()).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN_LINES, "the median of {} files is {median} lines", lines.len());
}

#[test]
fn no_folder_has_more_than_nine_loose_files() {
    let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for file in CRATES.iter().chain(&TESTS).flat_map(|folder| all_files(folder)) {
        *folders.entry(file.parent().unwrap_or(Path::new("")).to_path_buf()).or_default() += 1;
    }
    let full = folders.into_iter().filter(|(_, count)| *count > MAX_FILES);
    let full = full.map(|(folder, count)| format!("{}: {count} files", folder.display()));
    assert_none("no folder may have more than nine loose .rs files", &full.collect::<Vec<_>>());
}
