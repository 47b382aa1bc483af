//! The simulation runs the production loops and has none of its own: it decides nothing and decodes nothing. Does I/O.

use std::path::Path;

use crate::{assert_none, sources::with_tests};

/// Words that only a production loop contains.
const LOOP_WORDS: [&str; 3] = ["fold(", "Lanes", "Event::decode("];
/// Parts of the simulation that model servers or check outcomes, and therefore may decode events.
const SERVERS_AND_CHECKS: [&str; 2] = ["servers", "checks"];

fn is_server_or_check(path: &str) -> bool {
    let inside = Path::new(path).strip_prefix("tests/tests/simulation").unwrap_or(Path::new(path));
    inside
        .iter()
        .any(|part| SERVERS_AND_CHECKS.iter().any(|name| part.to_string_lossy().trim_end_matches(".rs") == *name))
}

#[test]
fn the_simulation_has_no_loop_of_the_product() {
    let files = with_tests("tests/tests/simulation").into_iter().filter(|source| !is_server_or_check(&source.path));
    let breaches: Vec<String> = files
        .flat_map(|source| {
            // `Iterator::fold` and words that end in it are not decisions.
            let is_call = |line: &String| !line.ends_with("fold(") || calls_fold(&source.code, line);
            source.lines_with(&LOOP_WORDS).into_iter().filter(is_call).collect::<Vec<_>>()
        })
        .collect();
    assert_none("the simulation must not contain code of a production loop", &breaches);
}

/// Whether the reported line calls the operator's `fold` rather than an iterator's.
fn calls_fold(code: &str, breach: &str) -> bool {
    let number: usize = breach.split(':').nth(1).and_then(|number| number.parse().ok()).unwrap_or(1);
    let line = code.lines().nth(number - 1).unwrap_or_default();
    line.match_indices("fold(").any(|(at, _)| {
        let before = line[..at].chars().last();
        !before.is_some_and(|one| one == '.' || one == '_' || one.is_alphanumeric())
    })
}
