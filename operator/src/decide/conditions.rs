//! The conditions of a status, by one truth table: phase and reason come in, conditions go out. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use subtitle_contract::{job::SubtitleJobStatus, phase::Phase, reason::Reason};

/// Type and whether it is true, in the README's order.
pub fn table(phase: Phase, reason: Reason) -> [(&'static str, bool); 7] {
    let over = phase.is_final();
    let suspended = !over && reason == Reason::Suspended;
    [
        ("Finished", over),
        ("Complete", phase == Phase::Done),
        ("Failed", phase == Phase::Failed),
        ("Progressing", !over && !suspended),
        ("Suspended", suspended),
        ("Ready", phase == Phase::Done),
        // What kstatus (Flux, `helm --wait`) reads as failed; without it they wait for their timeout.
        ("Stalled", phase == Phase::Failed),
    ]
}

/// The conditions of `status`; a condition that did not change keeps its transition time.
pub fn of(status: &SubtitleJobStatus, generation: Option<i64>, now: Timestamp) -> Vec<Condition> {
    let reason = status.reason.unwrap_or(Reason::WaitingForTurn);
    let message = status.message.clone().unwrap_or_else(|| reason.meaning().trim().to_owned());
    let condition = |(kind, is_true): (&str, bool)| {
        let value = if is_true { "True" } else { "False" };
        let before = status.conditions.iter().find(|before| before.type_ == kind && before.status == value);
        let own_reason = match kind {
            "Suspended" if !is_true => Reason::NotSuspended,
            "Finished" | "Complete" | "Ready" if !status.phase.is_final() => Reason::NotFinished,
            _ => reason,
        };
        Condition {
            type_: kind.to_owned(),
            status: value.to_owned(),
            observed_generation: generation,
            last_transition_time: before.map_or(Time(now), |before| before.last_transition_time.clone()),
            reason: own_reason.to_string(),
            message: if own_reason == reason { message.clone() } else { own_reason.meaning().trim().to_owned() },
        }
    };
    table(status.phase, reason).into_iter().map(condition).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_of_progressing_suspended_complete_failed_is_true() {
        for phase in Phase::ALL {
            for reason in Reason::ALL {
                let held: Vec<&str> = table(phase, *reason)
                    .into_iter()
                    .filter(|(kind, is_true)| {
                        *is_true && ["Progressing", "Suspended", "Complete", "Failed"].contains(kind)
                    })
                    .map(|(kind, _)| kind)
                    .collect();
                assert_eq!(held.len(), 1, "{phase:?} {reason}: {held:?}");
                let finished = table(phase, *reason)[0].1;
                assert_eq!(finished, phase.is_final());
            }
        }
    }
}
