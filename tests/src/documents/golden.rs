//! Committed files that tests compare with what the code says, and rewrite if `UPDATE_GOLDEN` is set. Called by the tests of
//! documents and generated files. Does I/O.

use std::{fs, path::Path};

use crate::root;

/// Checks that the file has this text, or writes it if `UPDATE_GOLDEN` is set.
///
/// # Panics
/// If the file has another text, or cannot be written.
pub fn assert_file(file: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(file, expected).expect("writes the file");
    }
    let current = fs::read_to_string(file).unwrap_or_default();
    let name = file.display();
    assert!(current == expected, "{name} is out of date: run this test with UPDATE_GOLDEN=1; expected:\n{expected}");
}

/// Checks the part of the file between `<!-- NAME: generated -->` and `<!-- NAME: end -->` in the same way.
///
/// # Panics
/// If the file has no such part, or another text in it.
pub fn assert_region(file: &Path, name: &str, expected: &str) {
    let text = fs::read_to_string(file).expect("the file is readable");
    let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = text.split_once(&begin).expect("the region begins");
    let (_, after) = rest.split_once(&end).expect("the region ends");
    assert_file(file, &format!("{before}{begin}{expected}{end}{after}"));
}

/// Whether a file of the checkout has a test of this name.
pub fn has_test(file: &str, name: &str) -> bool {
    fs::read_to_string(root().join(file)).is_ok_and(|code| code.contains(&format!("fn {name}(")))
}
