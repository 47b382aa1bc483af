//! How a process learns that it is to end.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Listens from now on; the future is ready at the first SIGTERM or SIGINT.
pub fn asked() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
