//! Tests that did not run: each calls `skip`; `cargo verify` lists them in its summary and fails on one that the table does not
//! expect. Does I/O.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use crate::tools::packages;

/// Names the file to which `skip` appends a line; `cargo verify` sets it.
pub const VARIABLE: &str = "SUBTITLE_SKIPS";

/// A skip that is not a failure.
struct Expected {
    name: &'static str,
    why: &'static str,
    /// Whether it is expected on this machine.
    applies: fn() -> bool,
}

/// CI runs as root, may create namespaces and reaches PyPI: there only `advisories` may be skipped.
const EXPECTED: [Expected; 6] = [
    Expected { name: "advisories", why: "the database of advisories is fetched from the internet", applies: || true },
    Expected { name: "firefox-models", why: "they come from PyPI", applies: is_outside_ci },
    Expected { name: "python-clients", why: "they come from PyPI", applies: is_outside_ci },
    Expected { name: "rabbitmq-4", why: "its root file system takes root", applies: is_unprivileged },
    Expected { name: "e2e", why: "a Kubernetes node takes root", applies: is_unprivileged },
    Expected { name: "e2e-keda", why: "a Kubernetes node takes root", applies: is_unprivileged },
];

fn is_outside_ci() -> bool {
    std::env::var_os("CI").is_none()
}

fn is_unprivileged() -> bool {
    !packages::is_root()
}

/// Reports that a test did not run, and why. The line reaches the terminal although libtest captures a passing test's output.
pub fn skip(name: &str, reason: &str) {
    record(std::env::var_os(VARIABLE).as_deref().map(Path::new), name, reason);
}

/// Reports that something did not run, and appends it to a file.
pub fn record(file: Option<&Path>, name: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {name}: {reason}");
    if let Some(file) = file {
        let file = OpenOptions::new().create(true).append(true).open(file);
        let _ = file.and_then(|mut file| writeln!(file, "{name}\t{reason}"));
    }
}

/// A test that did not run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// The test's name.
    pub name: String,
    /// Why it did not run.
    pub reason: String,
    /// Why that is no failure; `None` if it is one.
    pub expected: Option<&'static str>,
}

fn parse(text: &str, expected: &[Expected]) -> BTreeSet<Skip> {
    let skip = |line: &str| {
        let (name, reason) = line.split_once('\t')?;
        let known = expected.iter().find(|expected| expected.name == name && (expected.applies)());
        Some(Skip { name: name.to_owned(), reason: reason.to_owned(), expected: known.map(|known| known.why) })
    };
    text.lines().filter_map(skip).collect()
}

/// The skips that were appended to a file, each once; none if the file is missing.
pub fn recorded(file: &Path) -> BTreeSet<Skip> {
    parse(&fs::read_to_string(file).unwrap_or_default(), &EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::{Expected, parse};

    #[test]
    fn a_skip_is_expected_only_by_name_and_where_its_reason_applies() {
        let expected = [
            Expected { name: "always", why: "by design", applies: || true },
            Expected { name: "elsewhere", why: "not here", applies: || false },
        ];
        let skips = parse("always\tx\nelsewhere\ty\nunknown\tz\nalways\tx\n", &expected);
        let found: Vec<(&str, Option<&str>)> = skips.iter().map(|skip| (skip.name.as_str(), skip.expected)).collect();
        assert_eq!(found, [("always", Some("by design")), ("elsewhere", None), ("unknown", None)]);
    }
}
