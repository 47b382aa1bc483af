//! Structured logs: one JSON object per line, to standard error. Called once by each program. Does I/O.

use tracing_subscriber::EnvFilter;

/// Starts to log what `RUST_LOG` selects; without it, `info` and above.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().init();
}
