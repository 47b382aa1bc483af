//! How the loops are told to end, in two steps.

use tokio_util::sync::CancellationToken;

/// Two signals, given in this order.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Begin nothing new.
    pub stop: CancellationToken,
    /// The running reconciles have ended: nobody publishes any more, and the session may be closed.
    pub quiet: CancellationToken,
}
