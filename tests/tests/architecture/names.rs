//! A name has one meaning: no two public types of the product share one. Does I/O.

use std::collections::BTreeMap;

use crate::{assert_none, sources::product};

/// Names that may occur more than once, and why.
const SHARED: [(&str, &str); 0] = [];

/// The type that a line declares for other crates.
fn declared(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
    let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    rest.split(|one: char| !one.is_alphanumeric() && one != '_').next()
}

/// The lines at the top level of a file: an associated type of a trait is not a type of its own.
fn top_level(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter(|line| !line.starts_with(' '))
}

#[test]
fn no_public_type_name_stands_twice() {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in product() {
        for name in top_level(&source.code).filter_map(declared) {
            types.entry(name.to_owned()).or_default().push(source.path.clone());
        }
    }
    let is_shared = |name: &str| SHARED.iter().any(|(shared, _)| *shared == name);
    let twice = types.iter().filter(|(name, files)| files.len() > 1 && !is_shared(name));
    let twice: Vec<String> = twice.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert_none("no public type name of core, operator and workers may occur twice", &twice);
    let idle = SHARED.iter().filter(|(name, _)| types.get(*name).is_none_or(|files| files.len() < 2));
    let idle: Vec<String> = idle.map(|(name, reason)| format!("{name} ({reason})")).collect();
    assert_none("a name in the list of shared names must occur twice", &idle);
}
