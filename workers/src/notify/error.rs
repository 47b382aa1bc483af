//! Why a notification was not accepted. Pure.

use crate::find::guard::Refused;

/// Why a notification was not accepted. No text of it names the URL, which may contain a token.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The address is one that notifications may not be sent to.
    #[error("failed to notify the target: its address is not allowed")]
    Refused(#[from] Refused),
    /// The target's URL cannot be extended with a path.
    #[error("failed to notify the target: its URL has no path")]
    Url,
    /// No answer.
    #[error("failed to reach the target: {0}")]
    Unreachable(String),
    /// The token or key is wrong.
    #[error("failed to notify the target: it does not accept the key")]
    Unauthorized,
    /// Another answer than success.
    #[error("failed to notify the target: it answered {0}")]
    Status(u16),
    /// A long answer.
    #[error("failed to read the target's answer: it has more than {0} bytes")]
    TooLong(usize),
    /// An answer of another shape.
    #[error("failed to read the target's answer")]
    Answer(#[source] serde_json::Error),
    /// The player has no library with this folder.
    #[error("failed to find '{0}' in any library of the player: set the folder as the player sees it")]
    NotInLibrary(String),
    /// The webhook's secret cannot be used as a key.
    #[error("failed to use the webhook's secret: what follows 'whsec_' is not Base64")]
    Secret,
}

impl NotifyError {
    /// Whether the same notification may be accepted later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            _ => false,
        }
    }
}
