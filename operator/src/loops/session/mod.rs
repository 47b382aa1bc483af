//! Sessions with the broker: opens one after another, and runs the loops that need a session on it until it ends.

mod deletions;
mod log_only;
mod loops;
mod open;
mod shutdown;
mod supervise;

pub use log_only::log_only;
pub use shutdown::Shutdown;
pub use supervise::supervise;
