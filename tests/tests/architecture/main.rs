//! The rules of the design that a compiler does not enforce, checked against the source text and Cargo's resolution. Each
//! failure names the file and the rule. Does I/O.

mod circles;
mod dependencies;
mod effects;
mod names;
mod purity;
mod security;
mod simulation;
mod sizes;
mod sources;

/// Fails with every breach of a rule, one per line.
#[track_caller]
fn assert_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}; {} breaches:\n  {}", breaches.len(), breaches.join("\n  "));
}
