//! In the operator, only `act` calls a method that writes. Does I/O.

use crate::{
    assert_none,
    sources::{Source, sources},
};

/// Calls of methods that write to RabbitMQ, Redis or Kubernetes.
const WRITES: [&str; 8] =
    [".publish(", ".dead_letter(", ".write_status(", ".project(", ".append(", ".recreate(", ".create(", ".delete("];
/// Receivers whose `close` writes: a session's `close` does not.
const RECORDS: [&str; 3] = ["record", "records", "store"];

fn outside_act() -> Vec<Source> {
    sources("operator/src").into_iter().filter(|source| !source.path.starts_with("operator/src/act")).collect()
}

/// The identifiers of a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|word| !word.is_empty())
}

fn closes_a_record(line: &str) -> bool {
    line.match_indices(".close(").any(|(at, _)| words(&line[..at]).last().is_some_and(|word| RECORDS.contains(&word)))
}

#[test]
fn only_act_calls_a_writing_method() {
    let mut breaches = Vec::new();
    for source in outside_act() {
        breaches.extend(source.lines_with(&WRITES));
        let closing = source.code.lines().enumerate().filter(|(_, line)| closes_a_record(line));
        breaches.extend(closing.map(|(at, _)| format!("{}:{}: .close( on a record", source.path, at + 1)));
    }
    assert_none("only operator/src/act may call a method that writes", &breaches);
}

#[test]
fn only_act_names_a_writer() {
    let mut breaches = Vec::new();
    for source in outside_act() {
        for (at, line) in source.code.lines().enumerate() {
            let writers = words(line).filter(|word| word.len() > "Writer".len() && word.ends_with("Writer"));
            breaches.extend(writers.map(|writer| format!("{}:{}: {writer}", source.path, at + 1)));
        }
    }
    assert_none("only operator/src/act may name a ...Writer", &breaches);
}
