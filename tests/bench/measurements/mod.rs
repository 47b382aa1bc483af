//! The measurements: the bare API server, broker and Redis (D3, D1, D2), and jobs, loops and latencies of the product. Does
//! I/O.

pub(crate) mod api;
pub(crate) mod broker;
pub(crate) mod jobs;
pub(crate) mod latency;
pub(crate) mod loops;
pub(crate) mod redis;

/// The time for the operator's startup work, or for a watch or subscription to be established; none of them reports its end.
const SETTLE_TIME: std::time::Duration = std::time::Duration::from_secs(2);
