//! The development harness as a library: real servers as processes on free loopback ports, each with its own
//! folder, gone when their owner is gone. `dev` (main.rs) and the tests on real servers stand on it.

pub mod cluster;
pub mod packages;
pub mod process;
pub mod servers;
pub mod stack;
