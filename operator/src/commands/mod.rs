//! The commands for people: inspect, replay or drop dead letters, and rebuild histories. They read here and write through
//! `act::manual`. Does I/O.

pub mod dead_letters;
mod letter;
pub mod rebuild;
