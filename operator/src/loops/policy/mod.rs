//! Policies: the loop that plans each of them whenever something may have changed, and what the consumer loop does with the
//! events of scans.

mod run;
mod scans;

pub use run::run;
pub use scans::handle;
