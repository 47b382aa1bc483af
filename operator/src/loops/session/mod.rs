//! The sessions with the broker: one after the other is opened, and while it lives every loop that needs it runs on it.

mod deletions;
mod log_only;
mod loops;
mod open;
mod shutdown;
mod supervise;

pub use log_only::log_only;
pub use shutdown::Shutdown;
pub use supervise::supervise;
