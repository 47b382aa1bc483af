//! The repository's Rust files, read once for each rule. Does I/O.

mod code;
mod modules;
mod use_tree;

use std::{
    fs,
    path::{Path, PathBuf},
};

use subtitle_tests::root;

use code::production;
pub(crate) use modules::Modules;

/// The source folders of the product's crates.
pub(crate) const CRATES: [&str; 8] = [
    "core/broker/src",
    "core/clock/src",
    "core/contract/src",
    "core/secret/src",
    "core/store/src",
    "core/telemetry/src",
    "operator/src",
    "workers/src",
];

/// One Rust file.
pub(crate) struct Source {
    /// Its path from the repository's root.
    pub(crate) path: String,
    /// Its whole text.
    pub(crate) text: String,
    /// Its production code: no comments, literals or test items.
    pub(crate) code: String,
}

impl Source {
    /// The lines of the leading `//!` block, joined.
    pub(crate) fn header(&self) -> String {
        let lines = self.text.lines().take_while(|line| line.starts_with("//!"));
        lines.map(|line| line.trim_start_matches("//!").trim()).collect::<Vec<_>>().join(" ")
    }

    /// True for a file that holds only tests.
    fn is_test(path: &Path) -> bool {
        path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
    }

    /// The production lines that contain any of `words`, as `file:line: word`.
    pub(crate) fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let found = |(at, line): (usize, &str)| {
            let word = words.iter().find(|word| line.contains(**word))?;
            Some(format!("{}:{}: {word}", self.path, at + 1))
        };
        self.code.lines().enumerate().filter_map(found).collect()
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every Rust file under a folder of the repository, tests included; sorted.
pub(crate) fn all_files(folder: &str) -> Vec<PathBuf> {
    let root = root();
    let mut found = Vec::new();
    files(&root.join(folder), &mut found);
    found.into_iter().map(|path| path.strip_prefix(&root).map(Path::to_path_buf).unwrap_or(path)).collect()
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(root().join(path)).expect("a readable source");
    Source { path: path.display().to_string(), code: production(&text), text }
}

/// Every file under a folder of the repository, tests included.
pub(crate) fn with_tests(folder: &str) -> Vec<Source> {
    all_files(folder).iter().map(|path| read(path)).collect()
}

/// Every file under a folder of the repository that is not a test.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let files = all_files(folder);
    let inside = |path: &Path| path.strip_prefix(folder).map(Path::to_path_buf).unwrap_or_default();
    files.iter().filter(|path| !Source::is_test(&inside(path))).map(|path| read(path)).collect()
}

/// Every file of the product that is not a test.
pub(crate) fn product() -> Vec<Source> {
    CRATES.iter().flat_map(|folder| sources(folder)).collect()
}
