//! The corners that chance must come to in the seeds of `cargo test`: a simulation that finds nothing because nothing
//! happens in it would be worse than none.

/// Something that has to happen in some seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Corner {
    /// A message is lost before it was routed.
    PublishLost,
    /// A confirm is lost.
    ConfirmLost,
    /// The broker refuses a message.
    Nack,
    /// A status is written over one that has changed meanwhile.
    Conflict,
    /// The API server did it and nobody was told.
    ApiAnswerLost,
    /// Redis did it and nobody was told.
    RedisAnswerLost,
    /// Redis is emptied while something is in it.
    Wiped,
    /// The history loop finds another offset than it saved.
    OffsetMoved,
    /// The history loop finds another stream than it read before.
    AnotherStream,
    /// A queue with messages is deleted.
    QueueDeleted,
    /// The clock of a process that runs is set.
    ClockSet,
    /// An event comes as old publishers send it.
    OldPublisher,
    /// A job whose status the API server never accepts has its events dead-lettered.
    NeverAccepted,
    /// Two operators lead at once.
    TwoLeaders,
    /// The broker gives a task up.
    DeliveryLimit,
    /// Somebody takes over an expired claim.
    ClaimTakenOver,
    /// A translation goes on as a new task.
    Continued,
    /// A job ends by its deadline.
    Deadline,
    /// A job waits for a quota.
    Quota,
    /// A job that was suspended while it was worked on ends.
    SuspendedAtWork,
    /// A finished job is tried again.
    ManualRetry,
    /// A job is deleted while it is worked on.
    DeletedAtWork,
    /// The record of a deleted job is closed.
    Closed,
    /// A task is published again.
    TaskAgain,
    /// A finished job's object is deleted by its time to live.
    TimeToLive,
    /// A process dies while it works on a task.
    DiedAtWork,
    /// A translation is done.
    Translated,
    /// A message that is no event, or an impossible one, is dead-lettered.
    DeadLetter,
    /// The API server refuses a status.
    Rejected,
    /// A job's glossary is asked for before its ConfigMap exists.
    GlossaryMissing,
    /// A translation is asked for with a glossary.
    Glossary,
    /// The credentials of a running process change.
    NewCredentials,
}

impl Corner {
    /// All of them.
    pub(crate) const ALL: [Self; 32] = [
        Self::PublishLost,
        Self::ConfirmLost,
        Self::Nack,
        Self::Conflict,
        Self::ApiAnswerLost,
        Self::RedisAnswerLost,
        Self::Wiped,
        Self::OffsetMoved,
        Self::AnotherStream,
        Self::QueueDeleted,
        Self::ClockSet,
        Self::OldPublisher,
        Self::NeverAccepted,
        Self::TwoLeaders,
        Self::DeliveryLimit,
        Self::ClaimTakenOver,
        Self::Continued,
        Self::Deadline,
        Self::Quota,
        Self::SuspendedAtWork,
        Self::ManualRetry,
        Self::DeletedAtWork,
        Self::Closed,
        Self::TaskAgain,
        Self::TimeToLive,
        Self::DiedAtWork,
        Self::Translated,
        Self::DeadLetter,
        Self::Rejected,
        Self::GlossaryMissing,
        Self::Glossary,
        Self::NewCredentials,
    ];
}
