//! What the commands for people write: dead letters published again or dropped, and events restored to a history. Nothing
//! else calls it. Does I/O.

pub mod dead_letters;
pub mod history;
