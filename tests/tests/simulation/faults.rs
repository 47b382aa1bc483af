//! What goes wrong: by chance, with a rate for each kind of fault in this seed, and on purpose, the planted faults that the
//! simulation must catch. Each seed leaves out some kinds altogether, so that rare combinations get their seeds too.

use crate::random::Random;

/// The processes: two operators, two downloaders, two translators.
pub(crate) const PROCESSES: [&str; 6] =
    ["operator-a", "operator-b", "downloader-a", "downloader-b", "translator-a", "translator-b"];

/// The first that is no operator.
pub(crate) const WORKERS: std::ops::Range<usize> = 2..6;

/// How far a process's clock is ahead or behind at most, in milliseconds.
pub(crate) const LARGEST_SKEW: i64 = 5_000;

/// A process's name in the trace.
pub(crate) const fn name_of(process: usize) -> &'static str {
    PROCESSES[process]
}

/// How often what happens, in a thousand calls; and, where it says so, steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultRates {
    /// Whether anything goes wrong at all.
    pub(crate) are_on: bool,
    /// A message is lost before it was routed, and its session with it.
    pub(crate) publish_lost: u32,
    /// A confirm is lost after the message was routed, and its session with it.
    pub(crate) confirm_lost: u32,
    /// The broker refuses a message.
    pub(crate) nack: u32,
    /// The API server does not answer and has done nothing.
    pub(crate) api_fails: u32,
    /// The API server did it, and the answer is lost.
    pub(crate) api_answer_lost: u32,
    /// Redis does not answer and has done nothing.
    pub(crate) redis_fails: u32,
    /// Redis did it, and the answer is lost.
    pub(crate) redis_answer_lost: u32,
    /// The object store does not answer and has done nothing.
    pub(crate) store_fails: u32,
    /// The object store did it, and the answer is lost.
    pub(crate) store_answer_lost: u32,
    /// A paid call fails.
    pub(crate) paid_fails: u32,
    /// Time goes on though somebody could act: everybody is slow.
    pub(crate) slow: u32,
    /// One of the larger events of `director`, each step.
    pub(crate) events: u32,
}

impl FaultRates {
    /// The rates of a seed.
    pub(crate) fn draw(random: &mut Random) -> Self {
        let mut upto = |most: u64| {
            let value = u32::try_from(random.below(most) + 1).unwrap_or(1);
            if random.permille(500) { value } else { 0 }
        };
        Self {
            are_on: true,
            publish_lost: upto(30),
            confirm_lost: upto(60),
            nack: upto(40),
            api_fails: upto(60),
            api_answer_lost: upto(60),
            redis_fails: upto(60),
            redis_answer_lost: upto(60),
            store_fails: upto(40),
            store_answer_lost: upto(40),
            paid_fails: upto(200),
            slow: upto(60),
            events: upto(25),
        }
    }
}

/// Faults that are there on purpose. Each is built into a port or a server, never into the code under test and never into
/// a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// The broker takes a delivery for acknowledged as soon as it is delivered.
    AckBeforeEffect,
    /// The broker routes a task only after the status says that it was published.
    StatusBeforePublish,
    /// The broker delivers events as if they were of the current attempt.
    NoAttemptCheck,
    /// An event is appended to a history however often it comes.
    NoDedupe,
    /// Writes of a status are not guarded.
    LostConflict,
    /// A finished job takes further events.
    FinalOverwritten,
    /// Appending an event to the history changes the record, past the status.
    RecordFromEvent,
    /// Everybody gets every claim.
    NoClaim,
    /// Failures are not counted.
    RetryWithoutLimit,
    /// The broker says that no events wait.
    DeadlineWhileEventsWait,
    /// The stream's offset is saved before the events.
    OffsetFirst,
    /// The checkpoint fits any stream, also one that was recreated.
    AnyStream,
    /// Redis lists no unfinished records, so that deleted jobs whose announcement was missed are not found.
    CancelWithoutRepair,
    /// A publish succeeds without its confirm.
    NoConfirm,
    /// The broker tells neither that it created a queue nor that one is empty, so that lost tasks are not found.
    NoTaskRepair,
    /// Redis says that it took records that it did not take.
    NoRecordRepair,
}

impl Planted {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
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
        Self::NoRecordRepair,
    ];
}
