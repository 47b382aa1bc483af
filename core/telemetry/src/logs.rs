//! Structured logs: one JSON object a line, to standard error.

use tracing_subscriber::EnvFilter;

/// Begins to log what `RUST_LOG` lets through; without it, `info` and above.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().init();
}
