//! A process as it takes claims: names their owners, and remembers since when it has seen the claims of others unchanged, also
//! while their tasks are back in the queue. Does I/O.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use subtitle_clock::Clock;

use super::held::{Claim, LEASE, key, numbers};
use crate::{
    observations::Observations,
    store::{Store, StoreError},
};

/// What [`Claimant::take`] returns.
#[derive(Debug)]
pub enum TakeOutcome {
    /// This process holds it until the lease ends.
    Ours(Claim),
    /// Another worker holds it.
    Held {
        /// How soon this process may take it over if it stays unchanged.
        left: Duration,
    },
}

/// Takes the claims of one process. Its clock must be the same in every call.
#[derive(Debug)]
pub struct Claimant {
    incarnation: String,
    taken: AtomicU64,
    observations: Observations,
}

impl Claimant {
    /// Its claims have owners whose names begin with the process's `incarnation`.
    pub fn new(incarnation: impl Into<String>) -> Self {
        Self { incarnation: incarnation.into(), taken: AtomicU64::new(0), observations: Observations::default() }
    }

    /// Claims the work that `folder` stands for.
    ///
    /// Of several workers that see the same claim unchanged, create-if-absent decides. One that was slow finds afterwards that
    /// the claim has changed, and gives way. A holder that renews writes first and reads then, as one that takes over does, so
    /// that at least one of the two sees the other.
    pub async fn take(&self, store: &Store, folder: &str, clock: &impl Clock) -> Result<TakeOutcome, StoreError> {
        let lost_the_race = || Ok(TakeOutcome::Held { left: Duration::from_secs(1) });
        let before = numbers(store, folder).await?;
        let newest = before.last().map(|number| key(folder, *number));
        let seen = match &newest {
            Some(newest) => store.read(newest).await?,
            None => None,
        };
        match &seen {
            // The time after the read: this content was not written later.
            Some(content) => {
                let unchanged = self.observations.unchanged_for(folder, content, clock.elapsed());
                if unchanged < LEASE {
                    return Ok(TakeOutcome::Held { left: LEASE.saturating_sub(unchanged) });
                }
            }
            // Released or taken over between the two calls.
            None if newest.is_some() => return lost_the_race(),
            None => {}
        }
        let claim = self.next_claim(store, folder, before.last().map_or(0, |number| number + 1), clock.elapsed());
        if !claim.create().await? {
            return lost_the_race();
        }
        let mut expected = before.clone();
        expected.insert(claim.number);
        let is_unchanged = numbers(store, folder).await? == expected
            && match &newest {
                Some(newest) => store.read(newest).await? == seen,
                None => true,
            };
        if !is_unchanged {
            claim.remove().await?;
            return lost_the_race();
        }
        for number in before {
            store.remove(&key(folder, number)).await?;
        }
        self.observations.forget(folder);
        Ok(TakeOutcome::Ours(claim))
    }

    fn next_claim(&self, store: &Store, folder: &str, number: u64, taken: Duration) -> Claim {
        let owner = format!("{}/{}", self.incarnation, self.taken.fetch_add(1, Ordering::Relaxed));
        let (store, folder, renewals) = (store.clone(), folder.to_owned(), AtomicU64::new(0));
        Claim { store, folder, number, owner, taken, renewals }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;

    use super::*;

    /// A clock that stands still until it is moved.
    #[derive(Clone, Default)]
    struct StillClock(Arc<Mutex<Duration>>);

    impl StillClock {
        fn advance(&self, duration: Duration) {
            *self.0.lock().expect("not poisoned") += duration;
        }
    }

    impl Clock for StillClock {
        fn now(&self) -> Timestamp {
            panic!("a claim needs no time of day")
        }

        fn elapsed(&self) -> Duration {
            *self.0.lock().expect("not poisoned")
        }

        async fn sleep(&self, duration: Duration) {
            self.advance(duration);
        }

        fn jitter(&self) -> f64 {
            0.0
        }
    }

    fn store() -> Store {
        Store::open(&"memory:".parse().expect("a URL")).expect("opens")
    }

    async fn take(claimant: &Claimant, store: &Store, clock: &StillClock) -> Result<Claim, Duration> {
        match claimant.take(store, "claims/a", clock).await.expect("store") {
            TakeOutcome::Ours(claim) => Ok(claim),
            TakeOutcome::Held { left } => Err(left),
        }
    }

    #[tokio::test]
    async fn a_claim_is_taken_over_by_the_worker_that_has_seen_it_unchanged_for_a_lease() {
        let (store, here, there) = (store(), StillClock::default(), StillClock::default());
        let (first, second, third) = (Claimant::new("1"), Claimant::new("2"), Claimant::new("3"));
        let held = take(&first, &store, &here).await.expect("it is free");
        // Another machine's clock may show anything.
        there.advance(Duration::from_secs(1_000_000));
        assert_eq!(take(&second, &store, &there).await.expect_err("held"), LEASE);
        there.advance(LEASE / 2);
        assert!(held.renew().await.expect("store"));
        assert_eq!(take(&second, &store, &there).await.expect_err("renewed"), LEASE);
        there.advance(LEASE.saturating_sub(Duration::from_millis(1)));
        assert_eq!(take(&second, &store, &there).await.expect_err("not yet"), Duration::from_millis(1));
        there.advance(Duration::from_millis(1));
        assert_eq!(take(&third, &store, &there).await.expect_err("seen for the first time"), LEASE);
        let taken = take(&second, &store, &there).await.expect("unchanged for a lease");
        assert!(!held.renew().await.expect("store"), "the first one has lost it");
        assert!(taken.renew().await.expect("store"));
        held.release().await.expect("store");
        assert_eq!(take(&third, &store, &there).await.expect_err("another holder"), LEASE);
        taken.release().await.expect("store");
        take(&third, &store, &there).await.expect("a released claim is free at once");
    }

    #[tokio::test]
    async fn of_many_at_once_exactly_one_gets_it_at_first_and_at_each_takeover() {
        let (store, clock) = (store(), StillClock::default());
        let claimants: Vec<Claimant> = (0..20).map(|at| Claimant::new(at.to_string())).collect();
        for _ in 0..3 {
            let tries = claimants.iter().map(|claimant| take(claimant, &store, &clock));
            let taken = futures::future::join_all(tries).await;
            assert_eq!(taken.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            for claimant in &claimants {
                assert!(take(claimant, &store, &clock).await.is_err(), "seen by all");
            }
            clock.advance(LEASE);
        }
    }
}
