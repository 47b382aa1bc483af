//! What to do, in order. Plans are values that tests compare whole; `act::executor` is the only code that applies them.
//! Pure.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use subtitle_contract::{
    event::Event,
    job::{SubtitleJob, SubtitleJobStatus},
    policy::{SubtitlePolicy, SubtitlePolicyStatus, ledger::LedgerVideo},
    reason::Reason,
    store_key::StoreKey,
};

use super::checkpoint::Checkpoint;

/// One write to a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Stores a glossary under its content's key, unless it is there already.
    StoreGlossary {
        /// Its key in the object store.
        key: StoreKey,
        /// Its text.
        text: String,
    },
    /// Publishes an event with broker confirm.
    Publish(Box<Event>),
    /// Writes the status, guarded by the resourceVersion it was decided on.
    WriteStatus(Box<SubtitleJobStatus>),
    /// Projects the status onto the record in Redis. A failure does not end the plan: the projection is repeated later.
    WriteRecord,
    /// Records a Kubernetes Event about something that changes nothing.
    Note {
        /// Its reason.
        reason: &'static str,
        /// What a person should know.
        note: String,
    },
    /// Deletes the object because its time to live is over. Waits until the last record is in Redis, but not forever.
    Delete {
        /// From this time on the object is deleted even if Redis does not have the record.
        at_the_latest: Timestamp,
    },
    /// Publishes a message that cannot be handled to the dead letters.
    DeadLetter(Box<DeadLetter>),
    /// Makes the record of a deleted job final. A failure does not end the plan: the repair loop finds the record.
    CloseRecord {
        /// The deleted object's uid.
        uid: String,
    },
    /// Appends a batch of the stream to the event histories and commits the checkpoint with it.
    AppendHistory {
        /// Oldest first.
        events: Vec<Event>,
        /// The checkpoint the batch follows; `None` before the first.
        saved: Option<Checkpoint>,
        /// The checkpoint after the batch.
        last: Checkpoint,
    },
    /// Forgets the checkpoint: it belongs to a stream that no longer exists.
    ResetCheckpoint,
    /// Deletes a queue that does not answer, with its messages, and declares it again.
    RecreateQueue(&'static str),
    /// Creates a job.
    CreateJob(Box<SubtitleJob>),
    /// Creates a job, unless one of this name exists.
    EnsureJob(Box<SubtitleJob>),
    /// Deletes a job.
    DeleteJob(Arc<SubtitleJob>),
    /// Sets videos of a policy's ledger, or removes them.
    WriteLedger {
        /// The policy's uid.
        uid: String,
        /// By path.
        changes: BTreeMap<String, Option<LedgerVideo>>,
    },
    /// Writes the status of a policy, guarded by the resourceVersion it was decided on.
    WritePolicyStatus {
        /// What it was decided on.
        policy: Arc<SubtitlePolicy>,
        /// The status.
        status: Box<SubtitlePolicyStatus>,
    },
    /// Projects every status whose record is known to lag behind.
    ProjectLagging,
    /// Projects every status.
    ProjectAll,
}

/// A message that cannot be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The key it was published under.
    pub routing_key: String,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Why it cannot be handled.
    pub reason: Reason,
    /// What a person should know.
    pub message: String,
}

/// Effects in their order, and when the job needs the next look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Applied one after the other; the first failure ends the plan, which is then decided again.
    pub effects: Vec<Effect>,
    /// The next time at which something is due.
    pub requeue_at: Option<Timestamp>,
}

/// An event that cannot belong to its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its index in the batch that was folded.
    pub index: usize,
    /// Why.
    pub reason: Reason,
    /// What a person should know.
    pub message: String,
}

/// What a batch of events means for its job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// At most one write of the status, whatever the number of events.
    pub plan: Plan,
    /// Events for the dead letters.
    pub rejected: Vec<Rejected>,
}
