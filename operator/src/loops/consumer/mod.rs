//! The consumer loop: every event once, each job's in order.
//!
//! ```text
//!   deliveries ──▶ lanes (by job) ──▶ fold a batch ──▶ one write ──▶ Redis ──▶ dead letters ──▶ ack
//! ```

mod handle;
mod lanes;
mod run;

pub use handle::handle;
pub use run::run;
