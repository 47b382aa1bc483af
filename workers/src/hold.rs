//! Getting hold of a claim and keeping it: what nobody else may do meanwhile.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::{
    claim::{Claim, Claimed, LEASE},
    clock::Clock,
    desk::Desk,
    store::StoreError,
};

/// How soon a claim that was given back is noticed.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How long a task that is handed out for the first time waits for somebody else's claim.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(10);
/// A claim is renewed this often within its lease.
const RENEWALS: u32 = 3;

/// How long a task waits for somebody else before it is handed back. It grows with each handing out, because each
/// counts to the queue's delivery limit: together they outlast the longest that a claim is held in one go.
pub(crate) fn patience(earlier_deliveries: u32) -> Duration {
    SHORTEST_PATIENCE * 2_u32.pow(earlier_deliveries.min(4))
}

/// Takes the claim; none if somebody else still has it after `patience`, or this worker has to stop.
pub(crate) async fn obtain<P, C: Clock>(
    desk: &Desk<P, C>,
    folder: &str,
    patience: Duration,
) -> Result<Option<Claim>, StoreError> {
    let (owner, begun) = (desk.owner(), desk.clock.elapsed());
    loop {
        let until = match Claim::take(&desk.store, folder, &owner, desk.clock.now()).await? {
            Claimed::Ours(claim) => return Ok(Some(claim)),
            Claimed::Theirs(until) => until,
        };
        let left = patience.saturating_sub(desk.clock.elapsed().saturating_sub(begun));
        if left.is_zero() {
            return Ok(None);
        }
        let expires = Duration::try_from(until.duration_since(desk.clock.now())).unwrap_or_default();
        // Never at once: a lease that ends now may be renewed just now.
        let pause = expires.clamp(Duration::from_secs(1), LOOK_AGAIN_AFTER).min(left);
        tokio::select! {
            biased;
            () = desk.clock.sleep(pause) => {}
            () = desk.stop.cancelled() => return Ok(None),
            () = desk.over.cancelled() => return Ok(None),
        }
    }
}

/// Renews the claim; when it is lost, says so in `lost` and does no more.
pub(crate) async fn keep<C: Clock>(claim: &Claim, clock: &C, lost: &AtomicBool) -> Infallible {
    until_lost(claim, clock).await;
    lost.store(true, Ordering::Relaxed);
    std::future::pending().await
}

/// Renews the claim until it is somebody else's, or could not be renewed for so long that it may be.
pub(crate) async fn until_lost<C: Clock>(claim: &Claim, clock: &C) {
    let mut renewed = clock.elapsed();
    loop {
        clock.sleep(LEASE / RENEWALS).await;
        let asked = clock.elapsed();
        match claim.renew(clock.now()).await {
            Ok(true) => renewed = asked,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "the claim was not renewed; trying again");
                if clock.elapsed().saturating_sub(renewed) >= LEASE {
                    return;
                }
            }
        }
    }
}
