//! Every reason is mentioned in at least one test of this repository: one that no test mentions may be dead code. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
};

use subtitle_contract::reason::Reason;

/// Appends the source of all tests to `text`: files in `tests` folders, `tests.rs`, and everything after `#[cfg(test)]`.
/// Skips `target` and `tests/cluster`, which contains Go modules.
#[expect(clippy::disallowed_methods, reason = "this test reads source files")]
fn collect_test_sources(folder: &Path, is_test: bool, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "cluster"].contains(&name.as_str()) {
            collect_test_sources(&path, is_test || name == "tests", text);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "reasons.rs" {
            let source = fs::read_to_string(&path).expect("readable");
            let is_test = is_test || name == "tests.rs";
            text.push_str(if is_test {
                &source
            } else {
                source.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
            });
        }
    }
}

#[test]
fn every_reason_is_mentioned_in_a_test() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut text = String::new();
    for folder in ["core", "operator", "workers", "tests"] {
        collect_test_sources(&root.join(folder), false, &mut text);
    }
    let is_mentioned = |reason: &Reason| {
        let mut words = text.split(|character: char| !character.is_alphanumeric());
        words.any(|word| word == reason.as_str())
    };
    let unmentioned: Vec<&Reason> = Reason::ALL.iter().filter(|reason| !is_mentioned(reason)).collect();
    assert!(unmentioned.is_empty(), "{unmentioned:?}");
}
