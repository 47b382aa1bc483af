//! Leadership by one Lease (`coordination.k8s.io/v1`), as client-go holds it: whoever writes it with the resourceVersion
//! it read has it; a holder that was not seen to renew it for its duration, by our own clock, has lost it. It keeps two
//! leaders apart most of the time; that two at once are harmless is not its work. Does I/O.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{Api, Client, api::PostParams};
use tokio::time::{sleep, timeout};

const NAME: &str = "subtitle-operator";
/// How long a lease holds without being renewed.
const DURATION: Duration = Duration::from_secs(15);
/// A holder that could not renew for this long stops before others may begin.
const RENEW_WITHIN: Duration = Duration::from_secs(10);
/// How often the holder renews.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// How often others look.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest a call may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// What was seen of the lease, and since when it has not changed.
#[derive(Clone, Debug)]
struct Seen {
    version: Option<String>,
    since: Instant,
}

/// Whether the lease may be taken, and what is now known of it.
fn look(lease: &Lease, identity: &str, before: Option<Seen>, now: Instant) -> (bool, Seen) {
    let version = lease.metadata.resource_version.clone();
    let seen = before.filter(|seen| seen.version == version).unwrap_or(Seen { version, since: now });
    let spec = lease.spec.as_ref();
    let holder = spec.and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).and_then(|seconds| u64::try_from(seconds).ok());
    let duration = seconds.map_or(DURATION, Duration::from_secs);
    (holder.is_empty() || holder == identity || now.duration_since(seen.since) > duration, seen)
}

/// A candidate for leadership.
pub struct Candidate {
    leases: Api<Lease>,
    identity: String,
}

impl Candidate {
    /// For the lease in `namespace`. `identity` tells candidates apart; one that starts again under the same identity
    /// takes up its own lease at once.
    pub fn new(client: Client, namespace: &str, identity: String) -> Self {
        Self { leases: Api::namespaced(client, namespace), identity }
    }

    /// Waits until the lease is ours.
    pub async fn acquire(&self) {
        let mut seen = None;
        loop {
            match self.attempt(&mut seen).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the leader's lease cannot be read or written"),
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Renews until the lease is lost.
    pub async fn keep(&self) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < RENEW_WITHIN {
            sleep(RENEW_EVERY).await;
            match self.attempt(&mut None).await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "the leader's lease was not renewed; trying again"),
            }
        }
    }

    /// Lets others begin at once.
    pub async fn release(&self) {
        let Ok(Ok(Some(mut lease))) = timeout(DEADLINE, self.leases.get_opt(NAME)).await else { return };
        if let Some(spec) = lease.spec.as_mut().filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity)) {
            spec.holder_identity = Some(String::new());
            let _ = timeout(DEADLINE, self.leases.replace(NAME, &PostParams::default(), &lease)).await;
        }
    }

    /// Takes or renews the lease if it may be taken; true if it is ours afterwards.
    async fn attempt(&self, seen: &mut Option<Seen>) -> anyhow::Result<bool> {
        let Some(mut lease) = timeout(DEADLINE, self.leases.get_opt(NAME)).await?? else {
            let mut lease = Lease::default();
            lease.metadata.name = Some(NAME.to_owned());
            lease.spec = Some(self.held(None));
            return outcome(timeout(DEADLINE, self.leases.create(&PostParams::default(), &lease)).await?);
        };
        let (may_take, now_seen) = look(&lease, &self.identity, seen.take(), Instant::now());
        *seen = Some(now_seen);
        if !may_take {
            return Ok(false);
        }
        lease.spec = Some(self.held(lease.spec));
        outcome(timeout(DEADLINE, self.leases.replace(NAME, &PostParams::default(), &lease)).await?)
    }

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

/// Losing a race is an answer, not an error.
fn outcome(written: Result<Lease, kube::Error>) -> anyhow::Result<bool> {
    match written {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(answer)) if answer.code == 409 => Ok(false),
        Err(error) => Err(error.into()),
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
        assert!(look(&lease("", "1"), "me", None, start).0 && look(&lease("me", "1"), "me", None, start).0);
        let (may_take, seen) = look(&lease("other", "1"), "me", None, start);
        assert!(!may_take, "how old it says it is does not count");
        let later = start + Duration::from_secs(16);
        assert!(!look(&lease("other", "2"), "me", Some(seen.clone()), later).0, "it was renewed meanwhile");
        assert!(look(&lease("other", "1"), "me", Some(seen), later).0);
    }
}
