//! The shutdown of the loops, in two steps.

use tokio_util::sync::CancellationToken;

/// Two signals, sent in this order.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Start nothing new.
    pub stop: CancellationToken,
    /// The running reconciles have finished: nothing is published any more, and the session may be closed.
    pub quiet: CancellationToken,
}
