//! Why a candidate gave no subtitle. Pure.

use crate::{failure::Failure, find::SourceError, store::StoreError, task::StopReason};

/// Why a candidate gave no subtitle.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// Its source did not deliver it; another time it may.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its file is unusable, or could not be stored.
    #[error(transparent)]
    File(#[from] Failure),
    /// The work stopped.
    #[error(transparent)]
    Stopped(StopReason),
}

impl From<StopReason> for FetchError {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Failed(failure) => Self::File(failure),
            reason => Self::Stopped(reason),
        }
    }
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> Self {
        Self::File(error.into())
    }
}
