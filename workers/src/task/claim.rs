//! Which worker does which task: a claim is an object in the store with an owner and an expiry, created only if absent.
//! Each takeover has the next number in the same folder, so that create-if-absent alone decides between two workers that
//! see the same expired claim; only its owner ever writes a number again. Does I/O.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};

/// How long a claim holds without a renewal.
pub const LEASE: Duration = Duration::from_secs(45);

#[derive(Serialize, Deserialize)]
struct Holder {
    owner: String,
    expires: Timestamp,
}

/// What [`Claim::take`] returns.
#[derive(Debug)]
pub enum TakeOutcome {
    /// Ours until it expires.
    Ours(Claim),
    /// Another worker's until then.
    HeldUntil(Timestamp),
}

/// A claim that this process holds.
#[derive(Debug)]
pub struct Claim {
    store: Store,
    folder: String,
    number: u64,
    owner: String,
}

fn key(folder: &str, number: u64) -> String {
    format!("{folder}/{number:08}")
}

fn holder(owner: &str, now: Timestamp) -> Vec<u8> {
    let expires = now + SignedDuration::try_from(LEASE).unwrap_or(SignedDuration::ZERO);
    serde_json::to_vec(&Holder { owner: owner.to_owned(), expires }).unwrap_or_default()
}

async fn newest(store: &Store, folder: &str) -> Result<Option<u64>, StoreError> {
    Ok(store.names(folder).await?.iter().filter_map(|name| name.parse().ok()).max())
}

async fn expiry(store: &Store, folder: &str, number: u64) -> Result<Option<Timestamp>, StoreError> {
    let stored = store.read(&key(folder, number)).await?;
    Ok(stored.and_then(|bytes| serde_json::from_slice::<Holder>(&bytes).ok()).map(|holder| holder.expires))
}

impl Claim {
    /// Claims the work that `folder` stands for, on behalf of `owner`.
    pub async fn take(store: &Store, folder: &str, owner: &str, now: Timestamp) -> Result<TakeOutcome, StoreError> {
        let lost_the_race = || Ok(TakeOutcome::HeldUntil(now + SignedDuration::from_secs(1)));
        let number = match newest(store, folder).await? {
            None => 0,
            Some(number) => match store.read(&key(folder, number)).await? {
                Some(bytes) => match serde_json::from_slice::<Holder>(&bytes) {
                    Ok(holder) if holder.expires > now => return Ok(TakeOutcome::HeldUntil(holder.expires)),
                    _ => number + 1,
                },
                // Released between the two reads, or taken over under the next number.
                None => return lost_the_race(),
            },
        };
        if !store.create(&key(folder, number), holder(owner, now).into()).await? {
            return lost_the_race();
        }
        // A number is free again once the next one is taken: a worker that was slow to create it does not hold the claim.
        if newest(store, folder).await? != Some(number) {
            store.remove(&key(folder, number)).await?;
            return lost_the_race();
        }
        if let Some(old) = number.checked_sub(1) {
            // Both write first and read afterwards, so that at least one of the two sees the other.
            if let Some(renewed) = expiry(store, folder, old).await?.filter(|expires| *expires > now) {
                store.remove(&key(folder, number)).await?;
                return Ok(TakeOutcome::HeldUntil(renewed));
            }
            store.remove(&key(folder, old)).await?;
        }
        Ok(TakeOutcome::Ours(Self { store: store.clone(), folder: folder.to_owned(), number, owner: owner.to_owned() }))
    }

    /// Extends the claim by a lease; `false` if another worker took over.
    pub async fn renew(&self, now: Timestamp) -> Result<bool, StoreError> {
        if newest(&self.store, &self.folder).await? != Some(self.number) || !self.is_ours().await? {
            return Ok(false);
        }
        self.store.replace(&key(&self.folder, self.number), holder(&self.owner, now).into()).await?;
        Ok(newest(&self.store, &self.folder).await? == Some(self.number))
    }

    /// Releases the claim; one that another worker took over stays.
    pub async fn release(self) -> Result<(), StoreError> {
        if self.is_ours().await? { self.store.remove(&key(&self.folder, self.number)).await } else { Ok(()) }
    }

    /// A number is free again after a release: the owner tells whether it is still this claim.
    async fn is_ours(&self) -> Result<bool, StoreError> {
        let stored = self.store.read(&key(&self.folder, self.number)).await?;
        let holder = stored.and_then(|bytes| serde_json::from_slice::<Holder>(&bytes).ok());
        Ok(holder.is_some_and(|holder| holder.owner == self.owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store::open(&"memory:".parse().expect("a URL")).expect("opens")
    }

    #[tokio::test]
    async fn a_live_claim_is_respected_and_an_expired_one_taken_over_once() {
        let (store, start) = (store(), Timestamp::UNIX_EPOCH);
        let TakeOutcome::Ours(first) = Claim::take(&store, "claims/a", "one", start).await.expect("store") else {
            panic!("the first one gets it")
        };
        assert!(matches!(
            Claim::take(&store, "claims/a", "two", start).await.expect("store"),
            TakeOutcome::HeldUntil(_)
        ));
        let later = start + SignedDuration::from_secs(100);
        let TakeOutcome::Ours(second) = Claim::take(&store, "claims/a", "two", later).await.expect("store") else {
            panic!("an expired claim is free")
        };
        assert!(!first.renew(later).await.expect("store"), "the first one has lost it");
        assert!(second.renew(later).await.expect("store"));
        assert!(matches!(
            Claim::take(&store, "claims/a", "three", later).await.expect("store"),
            TakeOutcome::HeldUntil(_)
        ));
        second.release().await.expect("store");
        assert!(matches!(Claim::take(&store, "claims/a", "three", later).await.expect("store"), TakeOutcome::Ours(_)));
    }

    #[tokio::test]
    async fn of_many_at_once_exactly_one_gets_it() {
        let store = store();
        let tries = (0..20).map(|at| {
            let (store, owner) = (store.clone(), at.to_string());
            async move { Claim::take(&store, "claims/b", &owner, Timestamp::UNIX_EPOCH).await.expect("store") }
        });
        let outcomes = futures::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, TakeOutcome::Ours(_))).count(), 1);
    }
}
