//! Logs, metrics, health and stop signals, for the operator and the workers. Does I/O.
//!
//! ```text
//!   logs::init ──▶ JSON on standard error
//!   Registry   ──▶ Counter, Gauge, Histogram (one call registers and documents a metric)
//!       └────────▶ http::router ──▶ GET /metrics, /healthz, /readyz
//!   stop::asked ─▶ SIGTERM or SIGINT
//!   chain      ──▶ an error with its chain of sources, for one log line
//!   LogSampler ──▶ whether a busy loop logs this line
//! ```
#![warn(missing_docs)]

mod chain;
pub mod http;
pub mod logs;
mod metrics;
mod sampler;
pub mod stop;

pub use chain::{Chain, chain};
pub use metrics::{Counter, Gauge, Histogram, Registry};
pub use sampler::LogSampler;
