//! The objects of a claim, and a claim that this process holds: created, renewed while its work runs, and released at the end.
//! Does I/O.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};

/// How long a claim must have been seen unchanged before another worker takes it over.
pub const LEASE: Duration = Duration::from_secs(45);
/// How long a holder relies on its last renewal. It is shorter than [`LEASE`], because no two clocks run at the same speed.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(40);

pub(super) fn key(folder: &str, number: u64) -> String {
    format!("{folder}/{number:08}")
}

/// The numbers in a folder, of which the highest is the claim.
pub(super) async fn numbers(store: &Store, folder: &str) -> Result<BTreeSet<u64>, StoreError> {
    Ok(store.names(folder).await?.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The content of a claim. No two writes have the same one.
#[derive(Serialize, Deserialize)]
struct Holder {
    owner: String,
    renewals: u64,
}

/// A claim that this process holds.
#[derive(Debug)]
pub struct Claim {
    pub(super) store: Store,
    pub(super) folder: String,
    pub(super) number: u64,
    pub(super) owner: String,
    pub(super) taken: Duration,
    pub(super) renewals: AtomicU64,
}

impl Claim {
    /// `Clock::elapsed` before the claim was created: its first lease starts no later.
    pub fn taken(&self) -> Duration {
        self.taken
    }

    fn key(&self) -> String {
        key(&self.folder, self.number)
    }

    fn content(&self) -> Bytes {
        let renewals = self.renewals.fetch_add(1, Ordering::Relaxed);
        serde_json::to_vec(&Holder { owner: self.owner.clone(), renewals }).unwrap_or_default().into()
    }

    pub(super) async fn create(&self) -> Result<bool, StoreError> {
        self.store.create(&self.key(), self.content()).await
    }

    pub(super) async fn remove(&self) -> Result<(), StoreError> {
        self.store.remove(&self.key()).await
    }

    async fn is_newest(&self) -> Result<bool, StoreError> {
        Ok(numbers(&self.store, &self.folder).await?.last() == Some(&self.number))
    }

    /// A number is free again after a release: the owner tells whether it is still this claim.
    async fn is_ours(&self) -> Result<bool, StoreError> {
        let stored = self.store.read(&self.key()).await?;
        let holder = stored.and_then(|bytes| serde_json::from_slice::<Holder>(&bytes).ok());
        Ok(holder.is_some_and(|holder| holder.owner == self.owner))
    }

    /// Extends the claim by a lease; `false` if another worker took over.
    pub async fn renew(&self) -> Result<bool, StoreError> {
        if !self.is_newest().await? || !self.is_ours().await? {
            return Ok(false);
        }
        self.store.replace(&self.key(), self.content()).await?;
        self.is_newest().await
    }

    /// Releases the claim; one that another worker took over stays.
    pub async fn release(self) -> Result<(), StoreError> {
        if self.is_ours().await? { self.remove().await } else { Ok(()) }
    }
}
