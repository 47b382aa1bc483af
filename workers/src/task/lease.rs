//! Acquiring a claim and renewing it while the work runs. Does I/O.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use subtitle_clock::Clock;
use subtitle_telemetry::chain;

use super::{
    claim::{Claim, LEASE, RENEW_DEADLINE, TakeOutcome},
    context::TaskContext,
};
use crate::store::StoreError;

/// A claim held by another worker is looked at this often, so that its release is noticed.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// How long a task waits for another worker's claim on its first delivery: long enough to find out that its holder is dead.
const SHORTEST_PATIENCE: Duration = LEASE.saturating_add(POLL_INTERVAL);
/// Renewals within one lease.
const RENEWALS: u32 = 3;

/// How long a task waits for another worker's claim before it is requeued. It grows with each delivery, because each
/// counts towards the queue's delivery limit: together they outlast the longest time that a claim is held in one go.
pub(super) fn patience(delivery_count: u32) -> Duration {
    SHORTEST_PATIENCE * 2_u32.pow(delivery_count.min(2))
}

/// Takes the claim; `None` if another worker still holds it after `patience`, or this worker has to stop.
pub(super) async fn acquire<P, C: Clock>(
    context: &TaskContext<P, C>,
    folder: &str,
    patience: Duration,
) -> Result<Option<Claim>, StoreError> {
    let started = context.clock.elapsed();
    loop {
        let lease_left = match context.claimant.take(&context.store, folder, &context.clock).await? {
            TakeOutcome::Ours(claim) => return Ok(Some(claim)),
            TakeOutcome::Held { left } => left,
        };
        let left = patience.saturating_sub(context.clock.elapsed().saturating_sub(started));
        if left.is_zero() {
            return Ok(None);
        }
        // At least a second: a lease that ends now may be renewed right now.
        let pause = lease_left.clamp(Duration::from_secs(1), POLL_INTERVAL).min(left);
        tokio::select! {
            biased;
            () = context.stop.cancelled() => return Ok(None),
            () = context.session_ended.cancelled() => return Ok(None),
            () = context.clock.sleep(pause) => {}
        }
    }
}

/// Renews the claim; sets `lost` when it is lost, and then only waits.
pub(super) async fn renew<C: Clock>(claim: &Claim, clock: &C, lost: &AtomicBool) -> Infallible {
    renew_until_lost(claim, clock).await;
    lost.store(true, Ordering::Relaxed);
    std::future::pending().await
}

/// Renews the claim, and returns when another worker holds it, or may soon hold it because no renewal was answered in time.
pub async fn renew_until_lost<C: Clock>(claim: &Claim, clock: &C) {
    let mut renewed = claim.taken();
    loop {
        let renew = async {
            clock.sleep(LEASE / RENEWALS).await;
            (clock.elapsed(), claim.renew().await)
        };
        let left = RENEW_DEADLINE.saturating_sub(clock.elapsed().saturating_sub(renewed));
        let (asked, answer) = tokio::select! {
            biased;
            renewal = renew => renewal,
            () = clock.sleep(left) => return,
        };
        match answer {
            Ok(true) => renewed = asked,
            Ok(false) => return,
            Err(error) => tracing::warn!(error = %chain(&error), "failed to renew a claim; trying again"),
        }
    }
}
