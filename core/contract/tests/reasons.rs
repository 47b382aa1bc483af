//! Every reason is reached by a test somewhere in this repository: one that no test names may as well be unreachable.

use std::{
    fs,
    path::{Path, PathBuf},
};

use subtitle_contract::reason::Reason;

/// What tests say: files in folders of tests, files of tests, and what stands behind `#[cfg(test)]`.
#[expect(clippy::disallowed_methods, reason = "the sources are what is tested here")]
fn tests_in(folder: &Path, is_test: bool, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "cluster"].contains(&name.as_str()) {
            tests_in(&path, is_test || name == "tests", text);
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
fn every_reason_is_named_by_a_test() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut text = String::new();
    for folder in ["core", "operator", "workers", "tests"] {
        tests_in(&root.join(folder), false, &mut text);
    }
    let is_named = |reason: &Reason| {
        let mut words = text.split(|one: char| !one.is_alphanumeric());
        words.any(|word| word == reason.as_str())
    };
    let unnamed: Vec<&Reason> = Reason::ALL.iter().filter(|reason| !is_named(reason)).collect();
    assert_eq!(unnamed, [&Reason::Working; 0]);
}
