//! What operator and workers tell the outside while they run, and how they are told to stop: logs, numbers, health.
//!
//! ```text
//!   logs::init ──▶ JSON on standard error
//!   Registry   ──▶ Counter, Gauge, Histogram (one call declares, registers and documents a metric)
//!       └────────▶ http::router ──▶ GET /metrics, /healthz, /readyz
//!   stop::asked ─▶ SIGTERM or SIGINT
//! ```
#![warn(missing_docs)]

pub mod http;
pub mod logs;
mod metrics;
pub mod stop;

pub use metrics::{Counter, Gauge, Histogram, Registry};
