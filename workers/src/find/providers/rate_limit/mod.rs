//! Rate limits of providers' accounts: no call is made without a permit. A process that has the account for itself limits in
//! memory; workers that share it limit together, over the broker. Does I/O.

mod limiter;
mod shared;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

pub use limiter::{Call, Decision, Denied, Limiter, Limits, Notice, PATIENCE, PermitError, PermitRequest};
pub use shared::{MAX_WAIT, SharedLimiter};

/// How a process gets permits for the calls of one account.
#[derive(Clone)]
pub enum RateLimiter {
    /// The process has the account for itself.
    Local(Arc<Mutex<Limiter>>),
    /// Workers share the account.
    Shared(Arc<SharedLimiter>),
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Local(_) => "Local",
            Self::Shared(_) => "Shared",
        })
    }
}

impl RateLimiter {
    /// The limiter of a process that has the account for itself.
    pub fn local(limits: Limits) -> Self {
        // Calls that another process made a moment ago are not taken into account.
        let started = Timestamp::now() - jiff::SignedDuration::from_secs(1);
        Self::Local(Arc::new(Mutex::new(Limiter::new(limits, started))))
    }

    /// Waits for a permit.
    pub async fn acquire(&self, request: PermitRequest) -> Result<(), PermitError> {
        match self {
            Self::Local(limiter) => loop {
                let now = Timestamp::now();
                let decision = limiter.lock().unwrap_or_else(PoisonError::into_inner).decide(request, now);
                match decision {
                    Decision::Granted => return Ok(()),
                    Decision::WaitUntil(time) => {
                        let pause = Duration::try_from(time.duration_since(now)).unwrap_or_default();
                        tokio::time::sleep(pause).await;
                    }
                    Decision::Denied(denied) => return Err(PermitError::Denied(denied)),
                }
            },
            Self::Shared(shared) => shared.acquire(request).await,
        }
    }

    /// Tells everybody who shares the account what the provider reported.
    pub async fn report(&self, notice: Notice) {
        match self {
            Self::Local(limiter) => {
                limiter.lock().unwrap_or_else(PoisonError::into_inner).report(notice, Timestamp::now());
            }
            Self::Shared(shared) => shared.report(notice).await,
        }
    }
}
