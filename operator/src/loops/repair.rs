//! The level-triggered repair loop: when a session starts, and periodically from then on, it detects what may have been lost
//! and repeats it. Everything here is idempotent.
//!
//! ```text
//!   task queue empty, and a job without an event for long ──▶ publish that job's current task again
//!   record behind its status                              ──▶ project
//!   record without its object                             ──▶ publish job.cancelled
//! ```
//!
//! Does I/O.

use std::{convert::Infallible, time::Duration};

use subtitle_broker::{BrokerError, QueueStats, Session};
use subtitle_contract::phase::Step;
use subtitle_telemetry::chain;

use super::{operator::Operator, timer::Timer};
use crate::{
    act::{
        ActError, ApplyContext, ErrorClass, Ports,
        ports::{ClusterReader as _, RecordReader as _},
    },
    decide::{
        admit::QueueSample,
        deletion::orphaned_record,
        lost::tasks::{SilentTasks, task_queue, tasks_lost_with},
        plan::Effect,
    },
    observe::state::JobState,
};

/// How often the task queues are checked.
const TASK_CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// How often the download queue is sampled for admission.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);
/// How often every record is compared with its object.
const RECORD_CHECK_INTERVAL: Duration = Duration::from_secs(600);
/// How often records that are known to be behind are projected again.
const LAGGING_INTERVAL: Duration = Duration::from_secs(1);

/// Repairs until the first error of the broker.
pub async fn run<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<Infallible, ActError> {
    let mut silent = SilentTasks::default();
    let mut tasks = Timer::at_once(operator.runtime(), TASK_CHECK_INTERVAL);
    let mut samples = Timer::at_once(operator.runtime(), SAMPLE_INTERVAL);
    let mut records = Timer::at_once(operator.runtime(), RECORD_CHECK_INTERVAL);
    let mut lagging = Timer::at_once(operator.runtime(), LAGGING_INTERVAL);
    loop {
        tokio::select! {
            biased;
            () = tasks.tick() => republish_silent(operator, session, &mut silent).await?,
            () = samples.tick() => sample_downloads(operator, session).await?,
            () = records.tick() => {
                project_all(operator).await;
                cancel_orphans(operator, session).await?;
            }
            () = lagging.tick() => project_lagging(operator).await,
        }
    }
}

/// Requests republishing of the tasks lost with these queues, which have just been created or recreated; returns how many.
pub fn republish_tasks_of<P: Ports>(operator: &Operator<P>, recreated: &[&'static str]) -> usize {
    let lost = tasks_lost_with(&operator.own_jobs(), recreated);
    let count = lost.len();
    operator.request_republish(lost);
    count_repairs(operator, "task", count);
    count
}

/// The statuses are read first: a task that is published meanwhile must not be taken for one that has left the queue.
async fn sample_downloads<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<(), ActError> {
    let mut jobs = operator.own_jobs();
    jobs.retain(|job| JobState::from_object(job) == JobState::Queued(Step::Download));
    let queued = jobs.iter().filter_map(|job| job.metadata.uid.clone()).collect();
    let QueueStats { ready, consumers } = stats(session, Step::Download).await?;
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    operator.downloads_sampled(QueueSample { queued, ready: count(ready), consumers: count(consumers) });
    Ok(())
}

async fn stats<S: Session>(session: &S, step: Step) -> Result<QueueStats, BrokerError> {
    let queue = task_queue(step);
    // A missing queue ends the session: the next one declares it and republishes its tasks.
    session.queue_stats(queue).await?.ok_or_else(|| BrokerError::QueueNotFound { queue: queue.to_owned() })
}

async fn republish_silent<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    silent: &mut SilentTasks,
) -> Result<(), ActError> {
    let mut empty = Vec::new();
    for step in [Step::Download, Step::Translate] {
        if stats(session, step).await?.ready == 0 {
            empty.push(step);
        }
    }
    let lost = silent.observe(&operator.own_jobs(), &empty, operator.now());
    if !lost.is_empty() {
        tracing::warn!(tasks = lost.len(), "republishing tasks that no worker has started");
        count_repairs(operator, "task", lost.len());
        operator.request_republish(lost);
        operator.wake_for_republish();
    }
    Ok(())
}

async fn project_all<P: Ports>(operator: &Operator<P>) {
    match operator.executor().apply(vec![Effect::ProjectAll], ApplyContext::new(operator.now())).await {
        Ok(outcome) if outcome.projected == 0 => {}
        Ok(outcome) => {
            tracing::info!(records = outcome.projected, "records were behind their status");
            count_repairs(operator, "record", outcome.projected);
        }
        Err(error) => tracing::warn!(error = %chain(&error), "failed to compare the records; trying again later"),
    }
}

async fn project_lagging<P: Ports>(operator: &Operator<P>) {
    let outcome = operator.executor().apply(vec![Effect::ProjectLagging], ApplyContext::new(operator.now())).await;
    count_repairs(operator, "record", outcome.map_or(0, |outcome| outcome.projected));
}

/// Cancels every unfinished record whose object no longer exists. Only errors of the broker are returned: everything else is
/// retried with the next check.
async fn cancel_orphans<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<(), ActError> {
    match publish_cancellations(operator, session).await {
        Ok(0) => Ok(()),
        Ok(jobs) => {
            tracing::info!(jobs, "records without an object are cancelled");
            count_repairs(operator, "orphan", jobs);
            Ok(())
        }
        Err(error) if error.class() == ErrorClass::Broker => Err(error),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "failed to compare the records; trying again later");
            Ok(())
        }
    }
}

async fn publish_cancellations<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<usize, ActError> {
    let (executor, now) = (operator.executor(), operator.now());
    let (mut cursor, mut jobs) = (0, 0);
    loop {
        let (records, next) = executor.records().unfinished(cursor).await?;
        for record in records {
            let located = Some((record.namespace.as_str(), record.name.as_str()));
            let is_gone = match executor.cluster().find(&record.id, located).await {
                Err(error) if error.class() == ErrorClass::Undecodable => false,
                found => found?.is_none(),
            };
            if is_gone {
                let publish = vec![Effect::Publish(Box::new(orphaned_record(&record, now)))];
                executor.apply(publish, ApplyContext::on_session(session, now)).await?;
                jobs += 1;
            }
        }
        if next == 0 {
            return Ok(jobs);
        }
        cursor = next;
    }
}

fn count_repairs<P: Ports>(operator: &Operator<P>, kind: &'static str, count: usize) {
    if count > 0 {
        operator.metrics().repairs.add([kind], u64::try_from(count).unwrap_or(u64::MAX));
    }
}
