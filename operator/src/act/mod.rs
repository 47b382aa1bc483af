//! Effects out: the only place that writes. A plan comes in and is carried out in its order; the first failure ends it.
//! Cluster, ledger and broker are ports, so that the simulation can stand in for the servers.

pub mod cluster;
mod exclusive;
pub(crate) mod glossary;
pub mod ledger;
mod notes;
pub mod queues;
mod redis;
mod redis_address;
mod redis_history;
pub mod reviews;
pub mod written;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, atomic::AtomicUsize},
};

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::job::{SubtitleJob, SubtitleJobStatus};
use subtitle_store::StoreError;

use crate::{
    decide::plan::{Effect, Plan},
    metrics::Metrics,
};
use cluster::{Cluster, ClusterError};
use exclusive::Exclusive;
use ledger::{Ledger, LedgerError};

/// Why a plan was not carried out to its end; it is made again.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The API server.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// There is no session with the broker.
    #[error("failed to publish: no session with the broker")]
    NoBroker,
    /// Redis.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The object store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A finished job waits for its last record to be in Redis before it is deleted.
    #[error("failed to delete a job whose last record is not in Redis yet: {0}")]
    NoRecord(#[source] LedgerError),
}

/// What effects are carried out on.
pub struct Hands<C, L> {
    /// Objects.
    pub cluster: Arc<C>,
    /// Records and histories.
    pub ledger: Arc<L>,
    /// Who has which job in hand.
    pub exclusive: Exclusive,
    /// Jobs whose record lags behind their status.
    lagging: Mutex<HashSet<String>>,
    /// What is counted.
    pub metrics: Metrics,
    /// Events that the consumer loop has received and not yet acknowledged.
    pub events_in_hand: AtomicUsize,
}

impl<C: Cluster, L: Ledger> Hands<C, L> {
    /// Over a cluster and a ledger.
    pub fn new(cluster: Arc<C>, ledger: Arc<L>, metrics: Metrics) -> Self {
        let (exclusive, lagging) = (Exclusive::default(), Mutex::default());
        Self { cluster, ledger, exclusive, lagging, metrics, events_in_hand: AtomicUsize::new(0) }
    }

    /// Does what the plan says to `job`; the object as it is afterwards. `caused_at` is the time of the oldest event that
    /// the plan was made for.
    pub async fn carry_out<P: Publish>(
        &self,
        mut job: SubtitleJob,
        plan: Plan,
        publisher: Option<&P>,
        caused_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<SubtitleJob, ActError> {
        let mut lags = None;
        for effect in plan.effects {
            match effect {
                Effect::Publish(event) => publisher.ok_or(ActError::NoBroker)?.publish(&event).await?,
                Effect::WriteStatus(status) => job = self.write(job, &status, caused_at, now).await?,
                Effect::Project => lags = self.project(&job).await.err(),
                Effect::Delete { at_the_latest } => match lags.take().filter(|_| now < at_the_latest) {
                    Some(error) => return Err(ActError::NoRecord(error)),
                    None => self.cluster.delete(&job).await?,
                },
            }
        }
        Ok(job)
    }

    async fn write(
        &self,
        job: SubtitleJob,
        status: &SubtitleJobStatus,
        caused_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<SubtitleJob, ClusterError> {
        let written = self.cluster.write(&job, status).await;
        match &written {
            Ok(_) => self.metrics.wrote(job.status.as_ref(), status, caused_at, now),
            Err(ClusterError::Conflict) => self.metrics.status_conflicts.increment([]),
            Err(_) => {}
        }
        written
    }

    /// Copies the status to Redis; a failure is made good later.
    async fn project(&self, job: &SubtitleJob) -> Result<(), LedgerError> {
        let projected = self.ledger.project(&[job]).await.map(drop);
        if let Err(error) = &projected {
            tracing::warn!(%error, job = job.name_any(), "the record in Redis lags behind");
            self.metrics.redis_errors.increment([]);
            self.lags(job);
        }
        projected
    }

    fn lags(&self, job: &SubtitleJob) {
        if let (Some(uid), Ok(mut lagging)) = (job.uid(), self.lagging.lock()) {
            lagging.insert(uid);
        }
    }

    /// Copies every status whose record lags behind, or, when `all`, every status; how many records were older.
    pub async fn project_lagging(&self, all: bool) -> Result<usize, LedgerError> {
        let lagging = self.lagging.lock().map(|mut lagging| std::mem::take(&mut *lagging)).unwrap_or_default();
        if lagging.is_empty() && !all {
            return Ok(0);
        }
        let wanted = |job: &Arc<SubtitleJob>| all || job.uid().is_some_and(|uid| lagging.contains(&uid));
        let mut newest = Vec::new();
        for cached in self.cluster.all().into_iter().filter(wanted) {
            newest.push(self.cluster.newest(&cached).await);
        }
        let mut older = 0;
        for (done, page) in newest.chunks(PAGE).enumerate() {
            match self.ledger.project(&page.iter().collect::<Vec<_>>()).await {
                Ok(count) => older += count,
                Err(error) => {
                    newest[done * PAGE..].iter().for_each(|job| self.lags(job));
                    return Err(error);
                }
            }
        }
        Ok(older)
    }
}

/// Records copied in one pipeline.
const PAGE: usize = 200;
