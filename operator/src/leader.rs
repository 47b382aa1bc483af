//! Leader election by one Lease (`coordination.k8s.io/v1`), as client-go does it: a write guarded by the resourceVersion
//! that was read takes or renews it, and a holder that was not seen to renew it for its duration, by our own clock, has lost
//! it. It prevents two leaders most of the time; two at once are harmless, because every write is guarded. Called by `run`.
//! Does I/O.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::Client;
use subtitle_telemetry::chain;
use tokio::time::sleep;

use crate::act::kube::{LeaderLease, LeaseError};

/// How long a lease is valid without being renewed.
const DURATION: Duration = Duration::from_secs(15);
/// A holder that fails to renew for this long steps down, before others may take the lease.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// How often the holder renews the lease.
const RENEW_PERIOD: Duration = Duration::from_secs(2);
/// How often the other candidates try to acquire it.
const RETRY_PERIOD: Duration = Duration::from_millis(500);

/// The last observed version of the lease, and since when.
#[derive(Clone, Debug)]
struct Observation {
    version: Option<String>,
    since: Instant,
}

/// Returns whether `identity` may take the lease, and the new observation.
fn observe(lease: &Lease, identity: &str, before: Option<Observation>, now: Instant) -> (bool, Observation) {
    let version = lease.metadata.resource_version.clone();
    let seen = before.filter(|seen| seen.version == version).unwrap_or(Observation { version, since: now });
    let spec = lease.spec.as_ref();
    let holder = spec.and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).and_then(|seconds| u64::try_from(seconds).ok());
    let duration = seconds.map_or(DURATION, Duration::from_secs);
    (holder.is_empty() || holder == identity || now.duration_since(seen.since) > duration, seen)
}

/// A candidate for leadership.
pub struct LeaderCandidate {
    lease: LeaderLease,
    identity: String,
}

impl LeaderCandidate {
    /// A candidate for the lease in `namespace`. Candidates need different identities; one that restarts with the same
    /// identity gets its own lease back at once.
    pub fn new(client: Client, namespace: &str, identity: String) -> Self {
        Self { lease: LeaderLease::new(client, namespace), identity }
    }

    /// Waits until this candidate holds the lease.
    pub async fn acquire(&self) {
        let mut seen = None;
        loop {
            match self.attempt(&mut seen).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the leader's lease is not available; trying again");
                }
            }
            sleep(RETRY_PERIOD).await;
        }
    }

    /// Renews the lease until it is lost.
    pub async fn keep(&self) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < RENEW_DEADLINE {
            sleep(RENEW_PERIOD).await;
            match self.attempt(&mut None).await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the leader's lease was not renewed; trying again");
                }
            }
        }
    }

    /// Releases the lease, so that another candidate need not wait until it expires. A failure is ignored, because it expires.
    pub async fn release(&self) {
        let Ok(Some(lease)) = self.lease.read().await else { return };
        let held = lease.spec.clone().filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity));
        if let Some(spec) = held {
            let free = LeaseSpec { holder_identity: Some(String::new()), ..spec };
            let _ = self.lease.write(Some(lease), free).await;
        }
    }

    /// Takes or renews the lease if possible; true if this candidate holds it afterwards.
    async fn attempt(&self, seen: &mut Option<Observation>) -> Result<bool, LeaseError> {
        let read = self.lease.read().await?;
        if let Some(lease) = &read {
            let (may_take, now_seen) = observe(lease, &self.identity, seen.take(), Instant::now());
            *seen = Some(now_seen);
            if !may_take {
                return Ok(false);
            }
        }
        let spec = self.held(read.as_ref().and_then(|lease| lease.spec.clone()));
        self.lease.write(read, spec).await
    }

    /// The spec of a lease that this candidate holds.
    fn held(&self, before: Option<LeaseSpec>) -> LeaseSpec {
        let before = before.unwrap_or_default();
        let now = MicroTime(Timestamp::now());
        let is_mine = before.holder_identity.as_deref() == Some(self.identity.as_str());
        let transitions = before.lease_transitions.unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: before.acquire_time.filter(|_| is_mine).or_else(|| Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if is_mine { transitions } else { transitions + 1 }),
            ..before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, version: &str) -> Lease {
        let mut lease = Lease::default();
        lease.metadata.resource_version = Some(version.to_owned());
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        });
        lease
    }

    #[test]
    fn a_lease_is_taken_only_when_free_ours_or_not_renewed_for_its_duration_by_our_own_clock() {
        let start = Instant::now();
        assert!(observe(&lease("", "1"), "me", None, start).0 && observe(&lease("me", "1"), "me", None, start).0);
        let (may_take, seen) = observe(&lease("other", "1"), "me", None, start);
        assert!(!may_take, "the lease was taken because of its own timestamps");
        let later = start + Duration::from_secs(16);
        assert!(!observe(&lease("other", "2"), "me", Some(seen.clone()), later).0, "a renewed lease was taken");
        assert!(observe(&lease("other", "1"), "me", Some(seen), later).0);
    }
}
