//! The corner cases that the seeds of `cargo test` must reach: a simulation that finds nothing because nothing happens in it
//! would be worse than none. Pure.

/// A corner case that some seed must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Corner {
    /// A message is lost before it is routed.
    PublishLost,
    /// A confirm is lost.
    ConfirmLost,
    /// The broker rejects a message.
    Nack,
    /// A write of a status conflicts with another write.
    Conflict,
    /// The API server performs a call and its response is lost.
    ApiResponseLost,
    /// Redis performs a call and its response is lost.
    RedisResponseLost,
    /// A call to Redis succeeds while its connection comes and goes.
    RedisFlaps,
    /// Redis loses its data.
    Wiped,
    /// The history loop finds another checkpoint than it saved.
    OffsetMoved,
    /// The history loop finds another stream than it read before.
    AnotherStream,
    /// A queue with messages is deleted.
    QueueDeleted,
    /// The clock of a running process is set.
    ClockSet,
    /// A legacy event is published.
    LegacyEvent,
    /// A job whose status the API server never accepts has its events dead-lettered.
    NeverAccepted,
    /// Two operators lead at once.
    TwoLeaders,
    /// The broker dead-letters a task.
    DeliveryLimit,
    /// A worker takes over a claim.
    ClaimTakenOver,
    /// A translation is continued by a new task.
    Continued,
    /// A job fails at its deadline.
    Deadline,
    /// A job waits for a quota.
    Quota,
    /// A job that was suspended while a worker ran its task finishes.
    SuspendedWhileRunning,
    /// A finished job is retried manually.
    ManualRetry,
    /// A job is deleted while a worker runs its task.
    DeletedWhileRunning,
    /// The record of a deleted job is closed.
    Closed,
    /// A task is republished.
    TaskRepublished,
    /// A finished job's object is deleted after its TTL.
    Ttl,
    /// A worker is killed while it runs a task.
    KilledWhileRunning,
    /// A translation finishes.
    Translated,
    /// A message that is no event, or an impossible one, is dead-lettered.
    DeadLetter,
    /// The API server rejects a status.
    Rejected,
    /// A job needs a glossary before its ConfigMap exists.
    GlossaryMissing,
    /// A translation with a glossary is requested.
    Glossary,
    /// The credentials of a running process change.
    NewCredentials,
    /// A finalizer keeps a deleted job.
    Finalizer,
    /// An earlier status of a job is put back.
    StatusRestored,
    /// A failure with a reason of a newer version.
    UnknownReason,
}

impl Corner {
    /// Every corner case.
    pub(crate) const ALL: [Self; 36] = [
        Self::PublishLost,
        Self::ConfirmLost,
        Self::Nack,
        Self::Conflict,
        Self::ApiResponseLost,
        Self::RedisResponseLost,
        Self::RedisFlaps,
        Self::Wiped,
        Self::OffsetMoved,
        Self::AnotherStream,
        Self::QueueDeleted,
        Self::ClockSet,
        Self::LegacyEvent,
        Self::NeverAccepted,
        Self::TwoLeaders,
        Self::DeliveryLimit,
        Self::ClaimTakenOver,
        Self::Continued,
        Self::Deadline,
        Self::Quota,
        Self::SuspendedWhileRunning,
        Self::ManualRetry,
        Self::DeletedWhileRunning,
        Self::Closed,
        Self::TaskRepublished,
        Self::Ttl,
        Self::KilledWhileRunning,
        Self::Translated,
        Self::DeadLetter,
        Self::Rejected,
        Self::GlossaryMissing,
        Self::Glossary,
        Self::NewCredentials,
        Self::Finalizer,
        Self::StatusRestored,
        Self::UnknownReason,
    ];
}
