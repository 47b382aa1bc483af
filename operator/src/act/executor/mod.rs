//! The executor, which applies plans; the only place where effects happen. Does I/O.

mod apply;
mod context;
mod exclusive;
mod lagging;
#[cfg(test)]
mod tests;

pub use apply::Executor;
pub use context::{Applied, ApplyContext, Servers};
pub use exclusive::JobGuard;
