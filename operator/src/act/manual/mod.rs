//! Writes of the manual commands: publish or drop dead letters, and restore events to a history. Called only by `commands`.
//! Does I/O.

pub mod dead_letters;
pub mod history;
