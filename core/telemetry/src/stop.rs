//! The signals that stop a process. Called once by each program. Does I/O.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Registers the signal handlers at once; the future completes at the first SIGTERM or SIGINT.
pub fn asked() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
