//! Who works on what: a claim is an object in the store with an owner and an expiry, created only where absent.
//! Each taking over has the next number under the same folder, so that create-if-absent alone decides between
//! two who see the same expired claim; nobody but its owner ever writes a number again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};

/// How long a claim holds without being renewed.
pub const LEASE: Duration = Duration::from_secs(45);

#[derive(Serialize, Deserialize)]
struct Holder {
    owner: String,
    expires: Timestamp,
}

/// What trying to claim gave.
#[derive(Debug)]
pub enum Claimed {
    /// It is ours until it expires.
    Ours(Claim),
    /// Somebody else's, until then.
    Theirs(Timestamp),
}

/// A claim that is ours.
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
    /// Claims the work named by `folder` for `owner`.
    pub async fn take(store: &Store, folder: &str, owner: &str, now: Timestamp) -> Result<Claimed, StoreError> {
        let somebody_is_faster = || Ok(Claimed::Theirs(now + SignedDuration::from_secs(1)));
        let number = match newest(store, folder).await? {
            None => 0,
            Some(number) => match store.read(&key(folder, number)).await? {
                Some(bytes) => match serde_json::from_slice::<Holder>(&bytes) {
                    Ok(holder) if holder.expires > now => return Ok(Claimed::Theirs(holder.expires)),
                    _ => number + 1,
                },
                // Between the two reads it was given back, or taken over under the next number.
                None => return somebody_is_faster(),
            },
        };
        if !store.create(&key(folder, number), holder(owner, now).into()).await? {
            return somebody_is_faster();
        }
        // A number is free again once the next one is taken: whoever was slow to create it has not got the claim.
        if newest(store, folder).await? != Some(number) {
            store.remove(&key(folder, number)).await?;
            return somebody_is_faster();
        }
        if let Some(old) = number.checked_sub(1) {
            // Both write first and look afterwards, so that one of the two sees the other.
            if let Some(renewed) = expiry(store, folder, old).await?.filter(|expires| *expires > now) {
                store.remove(&key(folder, number)).await?;
                return Ok(Claimed::Theirs(renewed));
            }
            store.remove(&key(folder, old)).await?;
        }
        Ok(Claimed::Ours(Self { store: store.clone(), folder: folder.to_owned(), number, owner: owner.to_owned() }))
    }

    /// Renews it; false if somebody else took over.
    pub async fn renew(&self, now: Timestamp) -> Result<bool, StoreError> {
        if newest(&self.store, &self.folder).await? != Some(self.number) {
            return Ok(false);
        }
        if !self.is_ours().await? {
            return Ok(false);
        }
        self.store.replace(&key(&self.folder, self.number), holder(&self.owner, now).into()).await?;
        Ok(newest(&self.store, &self.folder).await? == Some(self.number))
    }

    /// Gives it back; somebody else's stays.
    pub async fn release(self) -> Result<(), StoreError> {
        if self.is_ours().await? { self.store.remove(&key(&self.folder, self.number)).await } else { Ok(()) }
    }

    /// A number is free again after a release: the owner says whether it is still this claim.
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
        let Claimed::Ours(first) = Claim::take(&store, "claims/a", "one", start).await.expect("store") else {
            panic!("the first one gets it")
        };
        assert!(matches!(Claim::take(&store, "claims/a", "two", start).await.expect("store"), Claimed::Theirs(_)));
        let later = start + SignedDuration::from_secs(100);
        let Claimed::Ours(second) = Claim::take(&store, "claims/a", "two", later).await.expect("store") else {
            panic!("an expired claim is free")
        };
        assert!(!first.renew(later).await.expect("store"), "the first one has lost it");
        assert!(second.renew(later).await.expect("store"));
        assert!(matches!(Claim::take(&store, "claims/a", "three", later).await.expect("store"), Claimed::Theirs(_)));
        second.release().await.expect("store");
        assert!(matches!(Claim::take(&store, "claims/a", "three", later).await.expect("store"), Claimed::Ours(_)));
    }

    #[tokio::test]
    async fn of_many_at_once_exactly_one_gets_it() {
        let store = store();
        let tries = (0..20).map(|at| {
            let (store, owner) = (store.clone(), at.to_string());
            async move { Claim::take(&store, "claims/b", &owner, Timestamp::UNIX_EPOCH).await.expect("store") }
        });
        let outcomes = futures::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Claimed::Ours(_))).count(), 1);
    }
}
