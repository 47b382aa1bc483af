//! The one door for effects: a plan comes in from a loop or a handler and is applied in its order through the ports'
//! `…Writer` traits; the first failure ends it. Reads go through `cluster` and `records`. Does I/O.

use std::collections::HashSet;

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_broker::{PublishWriter as _, QueueWriter as _};
use subtitle_contract::job::{SubtitleJob, SubtitleJobStatus};
use subtitle_telemetry::chain;

use super::{
    context::{Applied, ApplyContext, Servers},
    exclusive::{Exclusive, JobGuard},
    lagging::Lagging,
};
use crate::{
    act::{
        error::{ActError, ClusterError, ErrorClass, RecordError},
        ports::{
            ClusterReader, ClusterWriter as _, HistoryWriter as _, PolicyReader, PolicyWriter as _, Ports,
            RecordReader, RecordWriter as _,
        },
    },
    decide::plan::{DeadLetter, Effect},
    metrics::{Cause, Metrics},
};

/// Applies effects.
pub struct Executor<P: Ports> {
    servers: Servers<P>,
    metrics: Metrics,
    exclusive: Exclusive,
    lagging: Lagging,
}

impl<P: Ports> Executor<P> {
    /// Over these servers, counting with `metrics`.
    pub fn new(servers: Servers<P>, metrics: Metrics) -> Self {
        Self { servers, metrics, exclusive: Exclusive::default(), lagging: Lagging::default() }
    }

    /// What is counted.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Reads objects.
    pub fn cluster(&self) -> &impl ClusterReader {
        &*self.servers.cluster
    }

    /// Reads records and event histories.
    pub fn records(&self) -> &impl RecordReader {
        &*self.servers.records
    }

    /// Reads policies and their ledgers.
    pub fn policies(&self) -> &impl PolicyReader {
        &*self.servers.policies
    }

    /// Whether the job's record may be ahead of its status.
    pub fn is_record_ahead(&self, uid: &str) -> bool {
        self.lagging.is_ahead(uid)
    }

    /// The uids of all jobs whose record is ahead of their status.
    pub fn records_ahead(&self) -> HashSet<String> {
        self.lagging.all_ahead()
    }

    /// The job's record was compared with its status.
    pub fn record_compared(&self, uid: &str) {
        self.lagging.compared(uid);
    }

    /// Waits until no other task of this process decides and writes for this job, and keeps others out until the guard
    /// is dropped.
    pub async fn lock(&self, uid: &str) -> JobGuard {
        self.exclusive.lock(uid).await
    }

    /// Applies `effects` one after the other; the first failure ends it.
    pub async fn apply(
        &self,
        effects: Vec<Effect>,
        context: ApplyContext<'_, P::Session>,
    ) -> Result<Applied, ActError> {
        let ApplyContext { job, session, cause, now } = context;
        let session = || session.ok_or(ActError::NoBroker);
        let mut outcome = Applied { job, ..Applied::default() };
        let mut unprojected = None;
        for effect in effects {
            match effect {
                Effect::StoreGlossary { key, text } => self.servers.files.create(&key, text.into()).await?,
                Effect::Publish(event) => session()?.publish(&event).await?,
                Effect::WriteStatus(status) => {
                    let job = outcome.job.take().ok_or(ActError::NoJob)?;
                    outcome.job = Some(self.write(&job, &status, cause, now).await?);
                }
                Effect::Note { reason, note } => self.servers.cluster.note(job_of(&outcome)?, reason, &note),
                Effect::WriteRecord => unprojected = self.project(job_of(&outcome)?).await.err(),
                Effect::Delete { at_the_latest } => match unprojected.take().filter(|_| now < at_the_latest) {
                    Some(error) => return Err(ActError::NoRecord(error)),
                    None => self.servers.cluster.delete(job_of(&outcome)?).await?,
                },
                Effect::DeadLetter(letter) => {
                    let DeadLetter { routing_key, body, reason, message } = *letter;
                    tracing::warn!(key = routing_key, %reason, message, "a message goes to the dead letters");
                    session()?.dead_letter(&routing_key, &body, reason, &message).await?;
                }
                Effect::CloseRecord { uid } => self.close(&uid).await,
                Effect::AppendHistory { events, saved, last } => {
                    outcome.is_appended = self.servers.records.append(&events, saved, last).await?;
                }
                Effect::ResetCheckpoint => self.servers.records.reset_checkpoint().await?,
                Effect::RecreateQueue(queue) => session()?.recreate(queue).await?,
                Effect::CreateJob(job) => outcome.job = Some(self.servers.cluster.create(&job).await?),
                Effect::EnsureJob(job) => match self.servers.cluster.create(&job).await {
                    Err(error) if !error.is_already_there() => return Err(error.into()),
                    Ok(_) | Err(_) => {}
                },
                Effect::DeleteJob(job) => self.servers.cluster.delete(&job).await?,
                Effect::WriteLedger { uid, changes } => self.servers.policies.write_ledger(&uid, &changes).await?,
                Effect::WritePolicyStatus { policy, status } => {
                    self.servers.policies.write_policy_status(&policy, &status).await?;
                }
                Effect::ProjectLagging => outcome.projected = self.lagging.project(&self.servers).await?,
                Effect::ProjectAll => outcome.projected = self.lagging.project_all(&self.servers).await?,
            }
        }
        Ok(outcome)
    }

    async fn write(
        &self,
        job: &SubtitleJob,
        status: &SubtitleJobStatus,
        cause: Option<Cause>,
        now: Timestamp,
    ) -> Result<SubtitleJob, ClusterError> {
        let written = self.servers.cluster.write_status(job, status).await;
        match &written {
            Ok(_) => self.metrics.wrote(job.status.as_ref(), status, cause, now),
            Err(error) if error.class() == ErrorClass::Conflict => self.metrics.status_conflicts.increment([]),
            Err(_) => {}
        }
        written
    }

    async fn project(&self, job: &SubtitleJob) -> Result<(), RecordError> {
        let projected = self.lagging.project_one(&self.servers, job).await;
        if let Err(error) = &projected {
            tracing::warn!(error = %chain(error), job = job.name_any(), "the record in Redis lags behind");
            self.metrics.redis_errors.increment([]);
            // A job without a status has nothing that lags: its first status is projected when it is written.
            if job.status.is_some() {
                self.lagging.add(job);
            }
        }
        projected
    }

    async fn close(&self, uid: &str) {
        self.lagging.compared(uid);
        if let Err(error) = self.servers.records.close(uid).await {
            self.metrics.redis_errors.increment([]);
            tracing::warn!(error = %chain(&error), uid, "the record of a deleted job is closed later");
        }
    }
}

fn job_of(outcome: &Applied) -> Result<&SubtitleJob, ActError> {
    outcome.job.as_ref().ok_or(ActError::NoJob)
}
