//! The faults: random ones, with a rate for each kind in each seed, and planted ones, which the simulation must catch. Each seed
//! disables some kinds, so that rare combinations occur as well. Pure.

use crate::random::Random;

/// The processes: two operators, two downloaders, two translators.
pub(crate) const PROCESSES: [&str; 6] =
    ["operator-a", "operator-b", "downloader-a", "downloader-b", "translator-a", "translator-b"];

/// The indices of the workers.
pub(crate) const WORKERS: std::ops::Range<usize> = 2..6;

/// Maximum clock skew of an operator, in milliseconds.
pub(crate) const MAX_SKEW: i64 = 5_000;

/// Maximum clock skew of a worker, in milliseconds: an hour.
pub(crate) const MAX_WORKER_SKEW: i64 = 3_600_000;

/// A process's name in the trace.
pub(crate) const fn name_of(process: usize) -> &'static str {
    PROCESSES[process]
}

/// The rate of each fault per thousand calls, or per thousand steps where stated.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultRates {
    /// Whether there are faults at all.
    pub(crate) are_on: bool,
    /// Whether the two operators are two installations, instead of two replicas of one.
    pub(crate) two_owners: bool,
    /// A message is lost before it is routed, and its session ends.
    pub(crate) publish_lost: u32,
    /// A confirm is lost after the message was routed, and the session ends.
    pub(crate) confirm_lost: u32,
    /// The broker rejects a message.
    pub(crate) nack: u32,
    /// A call to the API server fails without effect.
    pub(crate) api_fails: u32,
    /// The API server performs a call and its response is lost.
    pub(crate) api_response_lost: u32,
    /// A call to Redis fails without effect.
    pub(crate) redis_fails: u32,
    /// Redis performs a call and its response is lost.
    pub(crate) redis_response_lost: u32,
    /// A call to the object store fails without effect.
    pub(crate) store_fails: u32,
    /// The object store performs a call and its response is lost.
    pub(crate) store_response_lost: u32,
    /// A paid call fails.
    pub(crate) paid_fails: u32,
    /// Per step: time advances although tasks are ready, as if every process were slow.
    pub(crate) slow: u32,
    /// Per step: a random action of `director`.
    pub(crate) events: u32,
}

impl FaultRates {
    /// The rates of a seed.
    pub(crate) fn from_seed(seed: u64) -> Self {
        // Not the numbers from which the rest of the seed is drawn.
        let mut random = Random::new(!seed);
        let mut upto = |most: u64| {
            let value = u32::try_from(random.below(most) + 1).unwrap_or(1);
            if random.permille(500) { value } else { 0 }
        };
        Self {
            are_on: true,
            two_owners: false,
            publish_lost: upto(30),
            confirm_lost: upto(60),
            nack: upto(40),
            api_fails: upto(60),
            api_response_lost: upto(60),
            redis_fails: upto(60),
            redis_response_lost: upto(60),
            store_fails: upto(40),
            store_response_lost: upto(40),
            paid_fails: upto(200),
            slow: upto(60),
            events: upto(25),
        }
    }
}

/// Planted faults. Each is built into a simulated port or server, never into the code under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// The broker treats a delivery as acknowledged as soon as it is delivered.
    AckBeforeEffect,
    /// The broker routes a task only after the status says that it was published.
    StatusBeforePublish,
    /// The broker delivers events as if they were of the current attempt.
    NoAttemptCheck,
    /// A duplicate event is appended to a history again.
    NoDedupe,
    /// Writes of a status ignore the resourceVersion.
    LostConflict,
    /// A finished job accepts further events.
    FinalOverwritten,
    /// Appending an event to the history also changes the record.
    RecordFromEvent,
    /// Every worker acquires every claim.
    NoClaim,
    /// Failures are not counted.
    RetryWithoutLimit,
    /// The broker reports that no events are queued.
    DeadlineWhileEventsWait,
    /// The checkpoint is saved before the events.
    OffsetFirst,
    /// The checkpoint matches any stream, even one that was recreated.
    AnyStream,
    /// Redis lists no unfinished records, so that deleted jobs whose cancellation was missed are not found.
    CancelWithoutRepair,
    /// A publish succeeds without its confirm.
    NoConfirm,
    /// The broker reports neither created queues nor empty ones, so that lost tasks are not found.
    NoTaskRepair,
    /// The broker does not report created queues; empty ones are reported.
    CreatedQueueUnnoticed,
    /// Redis reports records as written that it did not write.
    NoRecordRepair,
    /// The broker confirms that an attempt is stopped and tells nobody.
    StopLost,
    /// Workers hear that another attempt is stopped.
    StopMisread,
    /// The deadline runs while the job is queued.
    DeadlineInQueue,
    /// Redis does not tell that a record is ahead of its status, and has no record of an old job without a status.
    RecordAheadHidden,
    /// An operator does not see that another installation owns a job.
    SecondOwner,
    /// The store accepts renewals of claims and does not perform them.
    ClaimNotRenewed,
    /// Messages are not put back into their queue.
    RequeueForgotten,
    /// Redis replaces a record whatever its revision.
    AnyRevision,
    /// Workers do not subscribe to `job.stopped`.
    StopNotSubscribed,
}

impl Planted {
    /// Every planted fault.
    pub(crate) const ALL: [Self; 26] = [
        Self::AckBeforeEffect,
        Self::StatusBeforePublish,
        Self::NoAttemptCheck,
        Self::NoDedupe,
        Self::LostConflict,
        Self::FinalOverwritten,
        Self::RecordFromEvent,
        Self::NoClaim,
        Self::RetryWithoutLimit,
        Self::DeadlineWhileEventsWait,
        Self::OffsetFirst,
        Self::AnyStream,
        Self::CancelWithoutRepair,
        Self::NoConfirm,
        Self::NoTaskRepair,
        Self::CreatedQueueUnnoticed,
        Self::NoRecordRepair,
        Self::StopLost,
        Self::StopMisread,
        Self::DeadlineInQueue,
        Self::RecordAheadHidden,
        Self::SecondOwner,
        Self::ClaimNotRenewed,
        Self::RequeueForgotten,
        Self::AnyRevision,
        Self::StopNotSubscribed,
    ];
}
