//! What a decision needs to know besides the job itself, gathered by the controller's loop. Pure.

use jiff::Timestamp;
use subtitle_contract::store_key::StoreKey;

/// The facts around a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub struct Facts {
    /// The job is admitted to the tasks that are out.
    pub is_admitted: bool,
    /// The limit of its namespace that holds it, if it is not admitted.
    pub held_by: Option<NamespaceLimit>,
    /// There is a session with the broker.
    pub has_broker: bool,
    /// No event is on its way between the broker and the status.
    pub events_settled: bool,
    /// Its task's queue was recreated, or is empty though no worker has started on the task.
    pub task_may_be_lost: bool,
    /// The glossary for its next attempt.
    pub glossary: Glossary,
    /// Why the installation does not allow the job.
    pub denial: Option<String>,
    /// The name of this installation; `None` where only one exists.
    pub installation: Option<String>,
    /// The job's record in Redis, if it is ahead of the status.
    pub record: Option<RecordAhead>,
}

/// A limit of the installation for each namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceLimit {
    /// So many tasks at once.
    Tasks(usize),
    /// So many jobs started on one day.
    JobsPerDay {
        /// The limit.
        limit: usize,
        /// When the next day begins.
        until: Timestamp,
    },
}

/// A record that shows more than the status: a user or a backup put an earlier status back, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAhead {
    /// The revision of the status it is a projection of.
    pub revision: i64,
    /// The attempt.
    pub attempt: u32,
}

/// What was found where `spec.translation.glossaryRef` points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Glossary {
    /// The job needs none now.
    #[default]
    NotNeeded,
    /// A valid one, as it is now.
    Found {
        /// Where the object store has it, once it is stored.
        key: StoreKey,
        /// The SHA-256 of its text, hexadecimal.
        sha256: String,
        /// Its text.
        text: String,
    },
    /// There is no such ConfigMap, or it may not be read, and either may change; with a sentence that names it.
    Missing(String),
    /// It is not a glossary; with a sentence that says why.
    Invalid(String),
}
