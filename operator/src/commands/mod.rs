//! What a person does by hand: look through the dead letters, and rebuild histories. Does I/O.

pub mod dead_letters;
pub mod rebuild;
