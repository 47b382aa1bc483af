//! The measurements: the bare API server, broker and Redis (D3, D1, D2), and jobs, loops and latencies of the product. Does
//! I/O.

pub(crate) mod api;
pub(crate) mod broker;
pub(crate) mod jobs;
pub(crate) mod latency;
pub(crate) mod loops;
pub(crate) mod redis;

/// How long to let the operator finish its startup work, and a watch or subscription be established: neither shows that it is
/// done.
const SETTLE_TIME: std::time::Duration = std::time::Duration::from_secs(2);
