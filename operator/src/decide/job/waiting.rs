//! Decides what to do with a job whose task is not published yet: publishes it once the broker session, the glossary and a
//! slot are available, and otherwise records in the status what the job is waiting for. Pure.

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    job::{StoredGlossary, WaitingFor},
    reason::Reason,
};

use super::{
    next_status::{Announcement, fail, write},
    task::task,
};
use crate::{
    decide::plan::{Effect, Plan},
    observe::{
        facts::{Facts, Glossary},
        job::{JobSnapshot, ValidJob},
        state::Prerequisite,
    },
};

/// How long a job waits for its turn before its status shows it: a slot usually frees up within moments,
/// and showing the wait would add a quarter to all status writes.
const TURN_GRACE: SignedDuration = SignedDuration::from_secs(1);
/// How often to poll for a missing ConfigMap; a watch would need permission to list every ConfigMap.
const GLOSSARY_RECHECK: SignedDuration = SignedDuration::from_secs(15);

/// Publishes the task as soon as everything is there: the broker, the glossary, and the job's turn.
pub(super) fn waiting(valid: &ValidJob, waiting_for: Prerequisite, facts: Facts, now: Timestamp) -> Plan {
    let job = &valid.job;
    if let Some(message) = facts.refusal {
        return fail(job, Reason::NotAllowed, message, now);
    }
    if !facts.has_broker {
        return wait(job, WaitingFor::Broker, now);
    }
    let glossary = match facts.glossary {
        Glossary::Invalid(message) => return fail(job, Reason::InvalidSpec, message, now),
        Glossary::Missing(message) => {
            let plan = wait_with_message(job, WaitingFor::Glossary, message, now);
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
    if !facts.is_admitted {
        let since = job.status.next_attempt_time.as_ref().map_or(job.created, |time| time.0.max(job.created));
        return match since + TURN_GRACE {
            soon if soon > now => Plan { effects: vec![], requeue_at: Some(soon) },
            _ => wait(job, WaitingFor::Turn, now),
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
    let asked = ValidJob { job: JobSnapshot { status: status.clone(), ..job.clone() }, ..valid.clone() };
    effects.push(Effect::Publish(Box::new(task(&asked, now))));
    let written = write(job, status, Announcement::OfAttempts, now);
    effects.extend(written.effects);
    Plan { effects, requeue_at: None }
}

fn wait(job: &JobSnapshot, waiting_for: WaitingFor, now: Timestamp) -> Plan {
    wait_with_message(job, waiting_for, reason_of(waiting_for).meaning().trim().to_owned(), now)
}

/// Shows what the job waits for; writes only if that is new.
fn wait_with_message(job: &JobSnapshot, waiting_for: WaitingFor, message: String, now: Timestamp) -> Plan {
    // The message differs between a missing and an unreadable ConfigMap, so it has to be compared too.
    let is_shown = waiting_for != WaitingFor::Glossary || job.status.message.as_ref() == Some(&message);
    if job.status.waiting_for == Some(waiting_for.into()) && is_shown {
        return Plan::default();
    }
    let mut status = job.status.clone();
    status.reason = Some(reason_of(waiting_for).into());
    status.waiting_for = Some(waiting_for.into());
    status.message = Some(message);
    write(job, status, Announcement::OfAttempts, now)
}

const fn reason_of(waiting_for: WaitingFor) -> Reason {
    match waiting_for {
        WaitingFor::Turn => Reason::WaitingForTurn,
        WaitingFor::Broker => Reason::WaitingForBroker,
        WaitingFor::Glossary => Reason::WaitingForGlossary,
        WaitingFor::Resume => Reason::Suspended,
    }
}
