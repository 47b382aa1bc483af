//! Sources and engines by the names that a spec or the configuration gives them. Pure.

use subtitle_contract::{job::Named, names::known, reason::Reason};

use crate::failure::Failure;

/// Exactly what a spec's `field` names, in its order; a name this worker does not know is refused.
pub fn exactly(
    field: &str,
    worker: &str,
    allowed: &[&'static str],
    named: &[Named],
) -> Result<Vec<&'static str>, Failure> {
    let unknown = |name: &str| {
        let message = format!("{field} names '{name}'; this {worker} knows: {}", allowed.join(", "));
        Failure::new(Reason::InvalidSpec, message)
    };
    named.iter().map(|one| known(allowed, &one.name).ok_or_else(|| unknown(&one.name))).collect()
}

/// Reads a name on the command line.
pub fn parse(allowed: &[&'static str], name: &str) -> Result<&'static str, String> {
    known(allowed, name).ok_or_else(|| format!("this version knows: {}", allowed.join(", ")))
}
