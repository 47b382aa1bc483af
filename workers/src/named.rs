//! What to say about a source or an engine whose name is unknown. Pure.

use subtitle_contract::reason::Reason;

use crate::failure::Failure;

/// The failure of a spec whose `field` has an unknown `name`.
pub(crate) fn not_known(field: &str, name: &str, worker: &str, known: &[&str]) -> Failure {
    let message = format!("{field} names '{name}'; this {worker} knows: {}", known.join(", "));
    Failure::new(Reason::InvalidSpec, message)
}

/// The error for an unknown name on the command line.
pub(crate) fn unknown(known: &[&str]) -> String {
    format!("this version knows: {}", known.join(", "))
}
