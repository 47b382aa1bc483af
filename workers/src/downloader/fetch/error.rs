//! Why a candidate gave no subtitle. Pure.

use subtitle_contract::reason::Reason;
use subtitle_telemetry::chain;

use crate::{
    failure::Failure,
    find::{SourceError, SourceErrorKind},
    store::StoreError,
    task::StopReason,
};

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

/// What a [`FetchError`] means for the other candidates.
pub(super) enum FetchClass {
    /// The candidate is unusable; the next one is tried.
    Rejected(Failure),
    /// The source delivers none of its other candidates either, for this reason.
    SourceFailed(SourceError),
    /// No other candidate would fare better.
    Stopped(StopReason),
}

impl FetchError {
    /// What it means for the other candidates.
    pub(super) fn class(self) -> FetchClass {
        match self {
            Self::Source(error) if error.kind == SourceErrorKind::File => {
                FetchClass::Rejected(Failure::new(error.reason(), chain(&error)))
            }
            Self::Source(error) => FetchClass::SourceFailed(error),
            // No other candidate would fare better.
            Self::File(failure) if matches!(failure.reason, Reason::StoreUnavailable | Reason::WorkerError) => {
                FetchClass::Stopped(failure.into())
            }
            Self::File(failure) => FetchClass::Rejected(failure),
            Self::Stopped(reason) => FetchClass::Stopped(reason),
        }
    }
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
