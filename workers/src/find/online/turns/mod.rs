//! Turns at an account: nobody calls a provider without one. Whoever is alone keeps the ledger in memory; workers keep
//! one together, on the broker.

pub mod pace;
mod shared;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use pace::{Denied, Ledger, Limits, Notice, Turn, Wish};

pub use shared::Shared;

/// The longest a call waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why a call must not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTurn {
    /// The ledger says so.
    Denied(Denied),
    /// Whoever keeps the ledger did not answer.
    Unanswered(String),
}

/// How a process gets turns at one account.
#[derive(Clone)]
pub enum Turns {
    /// The account is this process's alone.
    Alone(Arc<Mutex<Ledger>>),
    /// Workers share the account.
    Shared(Arc<Shared>),
}

impl fmt::Debug for Turns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Alone(_) => "Alone",
            Self::Shared(_) => "Shared",
        })
    }
}

/// From now until `time`; nothing for the past.
fn until(time: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(Timestamp::now())).unwrap_or_default()
}

impl Turns {
    /// Of a process that shares the account with nobody.
    pub fn alone(limits: Limits) -> Self {
        // What another process called a moment ago is none of ours.
        let begun = Timestamp::now() - jiff::SignedDuration::from_secs(1);
        Self::Alone(Arc::new(Mutex::new(Ledger::new(limits, begun))))
    }

    /// Waits for a turn.
    pub async fn take(&self, wish: Wish) -> Result<(), NoTurn> {
        match self {
            Self::Alone(ledger) => loop {
                let turn = ledger.lock().unwrap_or_else(PoisonError::into_inner).turn(wish, Timestamp::now());
                match turn {
                    Turn::Now => return Ok(()),
                    Turn::At(time) => tokio::time::sleep(until(time)).await,
                    Turn::Denied(denied) => return Err(NoTurn::Denied(denied)),
                }
            },
            Self::Shared(shared) => shared.take(wish).await,
        }
    }

    /// Tells everybody who shares the account what the provider said.
    pub async fn note(&self, notice: Notice) {
        match self {
            Self::Alone(ledger) => {
                ledger.lock().unwrap_or_else(PoisonError::into_inner).note(notice, Timestamp::now());
            }
            Self::Shared(shared) => shared.note(notice).await,
        }
    }
}
