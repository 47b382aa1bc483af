//! Triggers reconciles of objects that have not changed: those that are admitted, those whose task may be lost, and those that
//! wait for the broker.

use std::time::Duration;

use kube::ResourceExt as _;
use subtitle_clock::Clock as _;
use subtitle_contract::job::SubtitleJob;

use crate::{
    act::{Ports, ports::ClusterReader as _},
    loops::{operator::Operator, timer::Timer},
    observe::state::JobState,
};

/// How long changes are collected before the next admission, which checks every object.
const DEBOUNCE: Duration = Duration::from_millis(20);
/// How often jobs are admitted even if nothing has changed, because a backoff may have ended.
const ADMISSION_INTERVAL: Duration = Duration::from_secs(1);

/// Whether the job has something to publish when a session with the broker starts.
fn waits_for_broker(job: &SubtitleJob) -> bool {
    match JobState::from_object(job) {
        JobState::Waiting(_) | JobState::BackingOff(_) => true,
        JobState::Queued(_) | JobState::InProgress(_) | JobState::Suspended | JobState::Over(_) => {
            job.status.as_ref().is_some_and(|status| status.announced_up_to() < status.revision)
        }
        JobState::Unknown => false,
    }
}

/// Passes objects that need a reconcile to `send`, forever.
pub async fn trigger<P: Ports>(operator: &Operator<P>, send: impl Fn(&SubtitleJob) + Send + Sync) {
    let mut session = operator.session_changes();
    let mut timer = Timer::after(operator.runtime(), ADMISSION_INTERVAL);
    let is_to_be_republished = |job: &SubtitleJob| job.uid().is_some_and(|uid| operator.is_republish_requested(&uid));
    let send_where = |is_wanted: &(dyn Fn(&SubtitleJob) -> bool + Sync)| {
        operator.executor().cluster().all().iter().filter(|job| is_wanted(job)).for_each(|job| send(job));
    };
    loop {
        tokio::select! {
            biased;
            Ok(()) = session.changed() => send_where(&waits_for_broker),
            () = operator.republish_requested() => send_where(&is_to_be_republished),
            () = operator.admission_due() => {}
            () = timer.tick() => {
                let ahead = operator.executor().records_ahead();
                if !ahead.is_empty() {
                    send_where(&|job| job.uid().is_some_and(|uid| ahead.contains(&uid)));
                }
            }
        }
        operator.runtime().sleep(DEBOUNCE).await;
        operator.admit(operator.now()).iter().for_each(|job| send(job));
    }
}
