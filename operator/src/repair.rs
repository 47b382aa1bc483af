//! Repair, level-triggered: what may have been lost is looked for on start, on reconnect, and slowly all the time, and
//! done again. Everything here is safe to do twice.
//!
//! ```text
//!   queue made anew, or empty and a job not heard of   ──▶ publish that job's current task again
//!   record behind its status                           ──▶ project
//!   record without its object                          ──▶ publish job.cancelled
//! ```

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use subtitle_broker::BrokerError;
use subtitle_contract::{
    event::{Event, source},
    job::SubtitleJob,
    payload::{Cancelled, Subject},
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
    topology::{CONSUMER_QUEUE, DEAD_EVENTS_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE},
};
use tokio::sync::Notify;

use crate::{
    act::{ActError, cluster::Cluster, ledger::Ledger, queues::Queues},
    reconciler::Reconciler,
};

/// How often the queues are looked at.
const LOOK_AT_QUEUES: Duration = Duration::from_secs(10);
/// How long a task may be out of its queue without anybody having started on it.
const STARTED_WITHIN: SignedDuration = SignedDuration::from_secs(30);
/// How long a job may be worked on without a word before its task is published again: longer than a worker holds a
/// task in one go. Its last event may be lost with its queue, and who knew that may be gone.
const HEARD_OF_WITHIN: SignedDuration = SignedDuration::from_mins(20);
/// How often every record is compared.
const LOOK_AT_RECORDS: Duration = Duration::from_secs(600);
/// How often records known to lag are tried again.
const LAGGING: Duration = Duration::from_secs(1);

/// The queue a step's tasks are in.
pub const fn queue_of(step: Step) -> &'static str {
    match step {
        Step::Download => DOWNLOAD_QUEUE,
        Step::Translate => TRANSLATE_QUEUE,
    }
}

/// The step whose task is out for this job; none if no task is.
fn step_out(job: &SubtitleJob) -> Option<Step> {
    match job.status.as_ref()?.phase {
        Phase::DownloadQueued | Phase::DownloadInProgress => Some(Step::Download),
        Phase::TranslateQueued | Phase::TranslateInProgress => Some(Step::Translate),
        Phase::Pending | Phase::Done | Phase::Failed => None,
    }
}

/// `job.cancelled` of a job whose object is gone.
pub fn cancelled(job_id: &str, namespace: &str, name: &str, attempt: u32, now: Timestamp) -> Event {
    let (job_id, namespace, name) = (job_id.to_owned(), namespace.to_owned(), name.to_owned());
    let subject = Subject { job_id, namespace, name, attempt };
    Event::new(&subject, source::MANAGER, now, &Cancelled { reason: Reason::Deleted })
}

/// Doubts the task of every job that may have lost it with one of these queues; how many.
pub fn doubt_tasks_in<C: Cluster, L: Ledger, P: Queues>(
    reconciler: &Reconciler<C, L, P>,
    made_anew: &[&'static str],
) -> usize {
    let jobs = reconciler.hands.cluster.all();
    // With its queue went the task; with these, perhaps what its worker said.
    let may_lack_events = made_anew.iter().any(|queue| [CONSUMER_QUEUE, DEAD_EVENTS_QUEUE].contains(queue));
    let may_lack = |step| may_lack_events || made_anew.contains(&queue_of(step));
    let lost = jobs.iter().filter(|job| step_out(job).is_some_and(may_lack));
    let uids: Vec<String> = lost.filter_map(|job| job.metadata.uid.clone()).collect();
    for uid in &uids {
        reconciler.doubt_task_of(uid);
    }
    repaired(reconciler, "task", uids.len());
    uids.len()
}

/// A job whose task is out while its queue had nothing in it.
#[derive(Clone, Copy, Debug)]
struct Unheard {
    /// The revision of its status.
    revision: i64,
    /// Since when, or since when its task was last published again.
    since: Timestamp,
    /// How often that was.
    times: u32,
}

impl Unheard {
    /// How long it may go on: twice as long after each time that it did not help, up to 128 times, for a status that is
    /// refused for good must not have its task done over and over.
    fn patience(&self, first: SignedDuration) -> SignedDuration {
        first * (1 << self.times.min(7))
    }
}

/// Jobs whose task is out while its queue had nothing in it, by uid.
#[derive(Debug, Default)]
pub struct Unstarted(HashMap<String, Unheard>);

impl Unstarted {
    /// Doubts the task of each job that was not heard of for too long; how many.
    pub async fn look<C: Cluster, L: Ledger, P: Queues>(
        &mut self,
        reconciler: &Reconciler<C, L, P>,
        session: &P,
        now: Timestamp,
    ) -> Result<usize, BrokerError> {
        let mut seen = HashMap::new();
        let mut doubted = 0;
        for step in [Step::Download, Step::Translate] {
            let queue = queue_of(step);
            // A queue that is gone ends the session: the next one makes it anew and doubts every task it held.
            let missing = || BrokerError::Missing { queue: queue.to_owned() };
            if session.ready(queue).await?.ok_or_else(missing)? > 0 {
                continue;
            }
            for job in reconciler.hands.cluster.all() {
                let status = job.status.as_ref().filter(|_| step_out(&job) == Some(step));
                let (Some(status), Some(uid)) = (status, job.metadata.uid.clone()) else { continue };
                let before = self.0.get(&uid).filter(|before| before.revision == status.revision);
                let first = Unheard { revision: status.revision, since: now, times: 0 };
                let mut unheard = before.copied().unwrap_or(first);
                let patience = if status.phase == step.queued_phase() { STARTED_WITHIN } else { HEARD_OF_WITHIN };
                if now.duration_since(unheard.since) >= unheard.patience(patience) {
                    reconciler.doubt_task_of(&uid);
                    doubted += 1;
                    unheard = Unheard { since: now, times: unheard.times + 1, ..unheard };
                }
                seen.insert(uid, unheard);
            }
        }
        self.0 = seen;
        Ok(doubted)
    }
}

/// Publishes `job.cancelled` for every unfinished record whose object is gone; how many.
pub async fn cancel_orphans<C: Cluster, L: Ledger, P: Queues>(
    reconciler: &Reconciler<C, L, P>,
    session: &P,
    now: Timestamp,
) -> Result<usize, ActError> {
    let (mut cursor, mut cancelled_jobs) = (0, 0);
    loop {
        let (records, next) = reconciler.hands.ledger.unfinished(cursor).await?;
        for Record { id, namespace, name, attempt, .. } in records {
            if reconciler.hands.cluster.find(&id, Some((&namespace, &name))).await?.is_none() {
                session.publish(&cancelled(&id, &namespace, &name, attempt, now)).await?;
                cancelled_jobs += 1;
            }
        }
        if next == 0 {
            return Ok(cancelled_jobs);
        }
        cursor = next;
    }
}

fn repaired<C: Cluster, L: Ledger, P: Queues>(reconciler: &Reconciler<C, L, P>, kind: &'static str, count: usize) {
    if count > 0 {
        reconciler.hands.metrics.repairs.add([kind], u64::try_from(count).unwrap_or(u64::MAX));
    }
}

/// Repairs until the first error of the broker.
pub async fn run<C: Cluster, L: Ledger, P: Queues>(
    reconciler: &Reconciler<C, L, P>,
    session: &P,
    doubts: &Arc<Notify>,
) -> BrokerError {
    let mut unstarted = Unstarted::default();
    let mut queues = tokio::time::interval(LOOK_AT_QUEUES);
    let mut records = tokio::time::interval(LOOK_AT_RECORDS);
    let mut lagging = tokio::time::interval(LAGGING);
    loop {
        tokio::select! {
            _ = queues.tick() => match unstarted.look(reconciler, session, Timestamp::now()).await {
                Ok(0) => {}
                Ok(tasks) => {
                    tracing::warn!(tasks, "tasks nobody started are published again");
                    repaired(reconciler, "task", tasks);
                    doubts.notify_one();
                }
                Err(error) => return error,
            },
            _ = records.tick() => {
                match reconciler.hands.project_lagging(true).await {
                    Ok(0) => {}
                    Ok(records) => {
                        tracing::info!(records, "records were behind their status");
                        repaired(reconciler, "record", records);
                    }
                    Err(error) => tracing::warn!(%error, "records are compared later"),
                }
                match cancel_orphans(reconciler, session, Timestamp::now()).await {
                    Ok(0) => {}
                    Ok(jobs) => {
                        tracing::info!(jobs, "records without an object are cancelled");
                        repaired(reconciler, "orphan", jobs);
                    }
                    Err(ActError::Broker(error)) => return error,
                    Err(error) => tracing::warn!(%error, "records are compared later"),
                }
            }
            _ = lagging.tick() => {
                let records = reconciler.hands.project_lagging(false).await.unwrap_or_default();
                repaired(reconciler, "record", records);
            }
        }
    }
}
