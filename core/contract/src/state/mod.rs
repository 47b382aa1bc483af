//! The state of a job: phases, reasons, retry delays, and enum values written by newer versions. Pure.

pub mod lenient;
pub mod phase;
pub mod reason;
pub mod retry;
