//! Where a job stands: phases, reasons, when the next attempt starts, and values of newer versions. Pure.

pub mod lenient;
pub mod phase;
pub mod reason;
pub mod retry;
