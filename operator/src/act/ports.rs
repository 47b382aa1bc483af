//! Kubernetes and Redis as ports: what the loops read through and the executor writes through. [`super::Production`] is
//! the real servers; the simulation brings its own. Reading and writing are traits of their own: only `act` names a
//! `…Writer`.

use std::{collections::BTreeMap, sync::Arc};

use subtitle_contract::{
    event::Event,
    job::{SubtitleJob, SubtitleJobStatus},
    policy::{
        SubtitlePolicy, SubtitlePolicyStatus,
        ledger::{Ledger, LedgerVideo},
    },
    record::Record,
};

pub use super::error::{ClusterError, RecordError};
pub use crate::decide::checkpoint::Checkpoint;

/// One set of servers.
pub trait Ports: Send + Sync + 'static {
    /// Kubernetes.
    type Cluster: ClusterReader + ClusterWriter;
    /// Redis.
    type Records: RecordReader + RecordWriter + HistoryWriter;
    /// Policies and their ledgers.
    type Policies: PolicyReader + PolicyWriter;
    /// A session with the broker.
    type Session: subtitle_broker::Session;
    /// Time, randomness and tasks.
    type Runtime: subtitle_clock::Runtime;
}

/// Reads objects: from the watch's cache, overlaid with our own last write where that is newer, or from the API server.
pub trait ClusterReader: Send + Sync + 'static {
    /// Every object in the watch's cache.
    fn all(&self) -> Vec<Arc<SubtitleJob>>;

    /// The newest known version of an object from the watch's cache.
    fn newest(&self, cached: &SubtitleJob) -> impl Future<Output = SubtitleJob> + Send;

    /// The object with this uid: from the cache, else from the API server under `located` (namespace and name); `None`
    /// if it is gone, or is not in the cache and `located` is not known.
    fn find(
        &self,
        uid: &str,
        located: Option<(&str, &str)>,
    ) -> impl Future<Output = Result<Option<SubtitleJob>, ClusterError>> + Send;

    /// The object from the API server; `None` if it is gone or another object has its name.
    fn read(
        &self,
        uid: &str,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<SubtitleJob>, ClusterError>> + Send;

    /// The ConfigMap that a job names as its glossary; `None` if it does not exist.
    fn glossary_source(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<GlossarySource>, ClusterError>> + Send;
}

/// A ConfigMap that a job names as its glossary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GlossarySource {
    /// It has not the label of a glossary: what it holds is not for jobs.
    Unlabelled,
    /// Its texts by key.
    Data(BTreeMap<String, String>),
}

/// Writes objects.
pub trait ClusterWriter: Send + Sync + 'static {
    /// Writes `status` if `job` is still the newest version, and returns the object as it is then;
    /// [`ClusterError::Conflict`] if it is not.
    fn write_status(
        &self,
        job: &SubtitleJob,
        status: &SubtitleJobStatus,
    ) -> impl Future<Output = Result<SubtitleJob, ClusterError>> + Send;

    /// Records a Kubernetes Event about an object; best effort.
    fn note(&self, job: &SubtitleJob, reason: &str, note: &str);

    /// Creates an object in the namespace that its metadata names.
    fn create(&self, job: &SubtitleJob) -> impl Future<Output = Result<SubtitleJob, ClusterError>> + Send;

    /// Deletes the object if its uid is still the same; an object that is gone is no error.
    fn delete(&self, job: &SubtitleJob) -> impl Future<Output = Result<(), ClusterError>> + Send;
}

/// Reads policies and their ledgers.
pub trait PolicyReader: Send + Sync + 'static {
    /// Every policy, from the watch's cache overlaid with our own last writes.
    fn policies(&self) -> Vec<Arc<SubtitlePolicy>>;

    /// The ledger of the policy with this uid.
    fn ledger(&self, uid: &str) -> impl Future<Output = Result<Ledger, RecordError>> + Send;

    /// Some videos of it; those that it does not have are missing.
    fn ledger_videos(&self, uid: &str, paths: &[String]) -> impl Future<Output = Result<Ledger, RecordError>> + Send;
}

/// Writes policies and their ledgers.
pub trait PolicyWriter: Send + Sync + 'static {
    /// Writes `status` if `policy` is still the newest version; [`ClusterError::Conflict`] if it is not.
    fn write_policy_status(
        &self,
        policy: &SubtitlePolicy,
        status: &SubtitlePolicyStatus,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Sets or removes videos of a ledger.
    fn write_ledger(
        &self,
        uid: &str,
        changes: &BTreeMap<String, Option<LedgerVideo>>,
    ) -> impl Future<Output = Result<(), RecordError>> + Send;
}

/// Reads records and event histories.
pub trait RecordReader: Send + Sync + 'static {
    /// The JSON of `job:{id}`.
    fn record(&self, id: &str) -> impl Future<Output = Result<Option<String>, RecordError>> + Send;

    /// The JSON of at most `limit` events of a job, newest first, and how many it has in all. They are the newest of its
    /// first `before` events: positions are counted from the oldest, so that they stay the same while events are added.
    fn events_before(
        &self,
        id: &str,
        before: Option<usize>,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<String>, usize), RecordError>> + Send;

    /// The newest events.
    fn events(&self, id: &str, limit: usize) -> impl Future<Output = Result<(Vec<String>, usize), RecordError>> + Send {
        self.events_before(id, None, limit)
    }

    /// A page of the records that are not final, and the cursor of the next page; cursor 0 begins and ends.
    fn unfinished(&self, cursor: u64) -> impl Future<Output = Result<(Vec<Record>, u64), RecordError>> + Send;

    /// The checkpoint of the event histories; `None` if Redis is new or was emptied.
    fn load_checkpoint(&self) -> impl Future<Output = Result<Option<Checkpoint>, RecordError>> + Send;
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projected {
    /// It was the status's already.
    Same,
    /// It was behind, and was replaced.
    Replaced,
    /// It is ahead: the status is an earlier one.
    Ahead,
}

/// Writes records.
pub trait RecordWriter: Send + Sync + 'static {
    /// Projects each object's status onto its record, unless that has a higher revision; returns what became of each.
    fn project(&self, jobs: &[&SubtitleJob]) -> impl Future<Output = Result<Vec<Projected>, RecordError>> + Send;

    /// Makes the record of a deleted object final, unless it is already.
    fn close(&self, id: &str) -> impl Future<Output = Result<(), RecordError>> + Send;
}

/// Writes event histories.
pub trait HistoryWriter: Send + Sync + 'static {
    /// Appends a batch in order, each event once, and then moves the checkpoint from `saved` to `last`. Returns `false`
    /// and does nothing if the checkpoint is at neither: Redis was emptied, or another leader moved it.
    fn append(
        &self,
        events: &[Event],
        saved: Option<Checkpoint>,
        last: Checkpoint,
    ) -> impl Future<Output = Result<bool, RecordError>> + Send;

    /// Removes the checkpoint.
    fn reset_checkpoint(&self) -> impl Future<Output = Result<(), RecordError>> + Send;
}
