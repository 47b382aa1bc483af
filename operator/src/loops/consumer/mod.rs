//! The consumer loop: handles every event once, and the events of a job in their order.
//!
//! ```text
//!   deliveries ──▶ lanes (by job) ──▶ fold a batch ──▶ one write ──▶ Redis ──▶ dead letters ──▶ ack
//! ```

mod handle;
mod lanes;
mod run;

pub use handle::handle;
pub use run::run;
