//! The manual commands: inspect, replay or drop dead letters, and rebuild histories. Reads are here, writes in `act::manual`.
//! Does I/O.

pub mod dead_letters;
mod letter;
pub mod rebuild;
