//! Classifies what an event means for a job with a given progress `(attempt, phase)`. The whole table is in
//! `core/contract/tests/golden/phase_by_event.txt`. Called by the consumer loop. Pure.

use crate::{event::EventType, phase::Phase};

/// The progress of a job. Ordered by attempt, then by the phase's rank; it only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The current attempt, from 1. It is a fence, not a budget.
    pub attempt: u32,
    /// The phase within the attempt.
    pub phase: Phase,
}

/// What an event means for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classification {
    /// The job moves to this phase.
    Advance(Phase),
    /// The job is already in that phase: repeat the effects, which completes half-done work.
    Repeat,
    /// A failure: the operator decides whether there is another attempt.
    Failed,
    /// A type that never changes the phase, such as announcements and unknown types: history only.
    Note,
    /// From an older attempt: history only.
    Stale,
    /// From an earlier phase: history only.
    Late,
    /// The attempt is already final: history only.
    Superseded,
    /// From an attempt that never started: dead-lettered.
    Impossible,
}

impl Classification {
    /// The short name in the table and in metrics.
    pub fn name(self) -> String {
        match self {
            Self::Advance(phase) => format!("->{}", phase.as_str()),
            other => format!("{other:?}").to_lowercase(),
        }
    }
}

const fn destination(event_type: &EventType) -> Option<Phase> {
    Some(match event_type {
        EventType::DownloadRequested => Phase::DownloadQueued,
        EventType::DownloadStarted => Phase::DownloadInProgress,
        EventType::TranslateRequested => Phase::TranslateQueued,
        EventType::TranslateStarted | EventType::TranslateProgress => Phase::TranslateInProgress,
        EventType::Ready | EventType::Translated => Phase::Done,
        EventType::Failed => Phase::Failed,
        EventType::RetryScheduled
        | EventType::Cancelled
        | EventType::Stopped
        | EventType::ScanRequested
        | EventType::ScanPage
        | EventType::ScanFinished
        | EventType::Unknown(_) => return None,
    })
}

impl Progress {
    /// Classifies an event of `attempt` against this progress.
    pub fn classify(self, event_type: &EventType, attempt: u32) -> Classification {
        let Some(destination) = destination(event_type) else {
            return Classification::Note;
        };
        if attempt > self.attempt {
            return Classification::Impossible;
        }
        if attempt < self.attempt {
            return Classification::Stale;
        }
        match (self.phase, destination) {
            (current, destination) if current == destination => Classification::Repeat,
            (current, _) if current.is_final() => Classification::Superseded,
            (_, Phase::Failed) => Classification::Failed,
            (current, destination) if destination.rank() < current.rank() => Classification::Late,
            (_, destination) => Classification::Advance(destination),
        }
    }

    /// Whether `next` may follow: progress never shrinks, and a final phase never changes within an attempt.
    pub fn allows(self, next: Self) -> bool {
        (next.attempt, next.phase.rank()) >= (self.attempt, self.phase.rank())
            && !(self.phase.is_final() && self.attempt == next.attempt && self.phase != next.phase)
    }
}
