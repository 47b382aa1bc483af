//! Derives the conditions of a status from one truth table. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use subtitle_contract::{job::SubtitleJobStatus, lenient::Lenient, reason::Reason};

use crate::observe::state::{JobState, Outcome};

/// Each condition's type and whether it is true, in the README's order.
pub fn table(state: JobState) -> [(&'static str, bool); 7] {
    let (is_done, is_failed, is_suspended) = match state {
        JobState::Over(Outcome::Done) => (true, false, false),
        JobState::Over(Outcome::Failed) => (false, true, false),
        JobState::Suspended => (false, false, true),
        JobState::Waiting(_)
        | JobState::BackingOff(_)
        | JobState::Queued(_)
        | JobState::InProgress(_)
        | JobState::Unknown => (false, false, false),
    };
    [
        ("Finished", is_done || is_failed),
        ("Complete", is_done),
        ("Failed", is_failed),
        ("Progressing", !is_done && !is_failed && !is_suspended),
        ("Suspended", is_suspended),
        ("Ready", is_done),
        // kstatus (Flux, `helm --wait`) treats this one as a failure; without it they would wait for their timeout.
        ("Stalled", is_failed),
    ]
}

/// Whether the conditions of `status` are those of its state.
pub(super) fn are_current(status: &SubtitleJobStatus) -> bool {
    table(JobState::from_status(status)).into_iter().all(|(kind, is_true)| {
        let has = |condition: &Condition| condition.type_ == kind && (condition.status == "True") == is_true;
        status.conditions.iter().any(has)
    })
}

/// The conditions of `status`; an unchanged condition keeps its transition time.
pub fn for_status(status: &SubtitleJobStatus, generation: Option<i64>, now: Timestamp) -> Vec<Condition> {
    let state = JobState::from_status(status);
    let reason = status.reason.clone().unwrap_or(Reason::WaitingForTurn.into());
    let meaning = |reason: &Lenient<Reason>| reason.known().map_or("", Reason::meaning).trim().to_owned();
    let message = status.message.clone().unwrap_or_else(|| meaning(&reason));
    let condition = |(kind, is_true): (&str, bool)| {
        let value = if is_true { "True" } else { "False" };
        let before = status.conditions.iter().find(|before| before.type_ == kind && before.status == value);
        let own_reason = match kind {
            "Suspended" if !is_true => Reason::NotSuspended.into(),
            "Finished" | "Complete" | "Ready" if !state.is_over() => Reason::NotFinished.into(),
            _ => reason.clone(),
        };
        Condition {
            type_: kind.to_owned(),
            status: value.to_owned(),
            observed_generation: generation,
            last_transition_time: before.map_or(Time(now), |before| before.last_transition_time.clone()),
            message: if own_reason == reason { message.clone() } else { meaning(&own_reason) },
            reason: own_reason.as_str().to_owned(),
        }
    };
    table(state).into_iter().map(condition).collect()
}

#[cfg(test)]
mod tests {
    use subtitle_contract::phase::Phase;

    use super::*;

    #[test]
    fn exactly_one_of_progressing_suspended_complete_failed_is_true() {
        for phase in Phase::ALL {
            for reason in Reason::ALL {
                let status = SubtitleJobStatus {
                    phase: phase.into(),
                    reason: Some((*reason).into()),
                    ..SubtitleJobStatus::default()
                };
                let table = table(JobState::from_status(&status));
                let is_one_of = |kind| ["Progressing", "Suspended", "Complete", "Failed"].contains(&kind);
                let held = table.iter().filter(|(kind, is_true)| *is_true && is_one_of(*kind));
                assert_eq!(held.count(), 1, "{phase:?} {reason}: {table:?}");
                assert_eq!(table[0].1, phase.is_final());
            }
        }
    }
}
