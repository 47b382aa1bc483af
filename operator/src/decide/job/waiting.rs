//! Decides what to do with a job whose task is not published yet: publishes it once the broker session, the glossary and a
//! slot are available, and otherwise records in the status what the job is waiting for. Pure.

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    job::{StoredGlossary, WaitingFor},
    reason::Reason,
};

use super::{
    next_status::{Announce, fail, write},
    task::task,
};
use crate::{
    decide::plan::{Effect, Plan},
    observe::{
        facts::{Facts, Glossary, NamespaceLimit},
        job::{JobSnapshot, ValidJob},
        state::Prerequisite,
    },
};

/// How long a job waits for its turn before its status shows it: where tasks are fast, its turn comes within moments, and
/// showing the wait would add a third to all status writes.
const TURN_GRACE: SignedDuration = SignedDuration::from_secs(5);
/// How often to poll for a missing ConfigMap; a watch would need permission to list every ConfigMap.
const GLOSSARY_RECHECK: SignedDuration = SignedDuration::from_secs(15);

/// Publishes the task as soon as everything is there: the broker, the glossary, and the job's turn.
pub(super) fn waiting(valid: &ValidJob, waiting_for: Prerequisite, facts: Facts, now: Timestamp) -> Plan {
    let job = &valid.job;
    if let Some(message) = facts.denial {
        return fail(job, Reason::NotAllowed, message, now);
    }
    if !facts.has_broker {
        return wait(job, WaitingFor::Broker, now);
    }
    let glossary = match facts.glossary {
        Glossary::Invalid(message) => return fail(job, Reason::InvalidSpec, message, now),
        Glossary::Missing(message) => {
            let plan = wait_with_message(job, WaitingFor::Glossary, Reason::WaitingForGlossary, message, now);
            return Plan { requeue_at: Some(now + GLOSSARY_RECHECK), ..plan };
        }
        // Its slot may have been given to another job while it waited for the glossary.
        Glossary::Found { .. } if waiting_for == Prerequisite::Glossary => return wait(job, WaitingFor::Turn, now),
        Glossary::Found { key, sha256, text } => {
            let stored = StoredGlossary { key: key.to_string(), sha256 };
            Some((stored, Effect::StoreGlossary { key, text }))
        }
        Glossary::NotNeeded => None,
    };
    if let (Some(NamespaceLimit::JobsPerDay { limit, until }), None) = (facts.held_by, &job.status.start_time) {
        let message = format!(
            "{limit} jobs of this namespace were started today, which is the limit (maxJobsPerDayPerNamespace in the chart, \
             SUBTITLES_MAX_JOBS_PER_DAY_PER_NAMESPACE); it continues at {until}"
        );
        let plan = wait_with_message(job, WaitingFor::Turn, Reason::WaitingForQuota, message, now);
        return Plan { requeue_at: Some(until), ..plan };
    }
    if !facts.is_admitted {
        let since = job.status.next_attempt_time.as_ref().map_or(job.created, |time| time.0.max(job.created));
        return match since + TURN_GRACE {
            soon if soon > now => Plan { effects: vec![], requeue_at: Some(soon) },
            _ => wait_for_turn(job, facts.held_by, now),
        };
    }
    publish_task(valid, glossary, facts.installation, now)
}

fn publish_task(
    valid: &ValidJob,
    glossary: Option<(StoredGlossary, Effect)>,
    installation: Option<String>,
    now: Timestamp,
) -> Plan {
    let job = &valid.job;
    let (glossary, store) = glossary.unzip();
    let mut effects: Vec<Effect> = store.into_iter().collect();
    let mut status = job.status.clone();
    status.phase = status.step.known().unwrap_or_default().queued_phase().into();
    status.reason = Some(Reason::WaitingForWorker.into());
    status.waiting_for = None;
    status.message = None;
    status.next_attempt_time = None;
    status.glossary = glossary;
    status.owner = installation.or(status.owner);
    let queued = ValidJob { job: JobSnapshot { status: status.clone(), ..job.clone() }, ..valid.clone() };
    effects.push(Effect::Publish(Box::new(task(&queued, now))));
    let written = write(job, status, Announce::OnlyNewAttempt, now);
    effects.extend(written.effects);
    Plan { effects, requeue_at: None }
}

/// Names the limit of the namespace if that is what holds the job now.
fn wait_for_turn(job: &JobSnapshot, held_by: Option<NamespaceLimit>, now: Timestamp) -> Plan {
    let Some(NamespaceLimit::Tasks(limit)) = held_by else { return wait(job, WaitingFor::Turn, now) };
    let message = format!(
        "{limit} jobs of this namespace are being worked on, which is the limit (maxInFlightPerNamespace in the chart, \
         SUBTITLES_MAX_IN_FLIGHT_PER_NAMESPACE)"
    );
    wait_with_message(job, WaitingFor::Turn, Reason::WaitingForTurn, message, now)
}

fn wait(job: &JobSnapshot, waiting_for: WaitingFor, now: Timestamp) -> Plan {
    let reason = reason_of(waiting_for);
    wait_with_message(job, waiting_for, reason, reason.meaning().trim().to_owned(), now)
}

/// Shows what the job waits for; writes only if that is new. What a turn is waited for changes too often to be followed.
fn wait_with_message(
    job: &JobSnapshot,
    waiting_for: WaitingFor,
    reason: Reason,
    message: String,
    now: Timestamp,
) -> Plan {
    // The message differs between a missing and an unreadable ConfigMap, so it has to be compared too.
    let is_shown = waiting_for != WaitingFor::Glossary || job.status.message.as_ref() == Some(&message);
    let has_reason = job.status.reason.as_ref().is_some_and(|shown| *shown == reason);
    if job.status.waiting_for == Some(waiting_for.into()) && has_reason && is_shown {
        return Plan::default();
    }
    let mut status = job.status.clone();
    status.reason = Some(reason.into());
    status.waiting_for = Some(waiting_for.into());
    status.message = Some(message);
    write(job, status, Announce::OnlyNewAttempt, now)
}

const fn reason_of(waiting_for: WaitingFor) -> Reason {
    match waiting_for {
        WaitingFor::Turn => Reason::WaitingForTurn,
        WaitingFor::Broker => Reason::WaitingForBroker,
        WaitingFor::Glossary => Reason::WaitingForGlossary,
        WaitingFor::Resume => Reason::Suspended,
    }
}
