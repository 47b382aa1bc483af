//! A job without a task comes in; what goes out is its task as soon as the broker, its glossary and its turn are there,
//! or a status that shows which of them it waits for. Pure.

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
        state::For,
    },
};

/// How long a job waits for its turn before its status shows it: usually the turn comes in a moment, and the write
/// would be one in four of all.
const TURN_GRACE: SignedDuration = SignedDuration::from_secs(1);
/// How often a missing ConfigMap is read again: there is no watch, which would have to see every ConfigMap.
const GLOSSARY_RECHECK: SignedDuration = SignedDuration::from_secs(15);

/// Publishes the task as soon as everything is there: the broker, the glossary, and the job's turn.
pub(super) fn waiting(valid: &ValidJob, waiting_for: For, facts: Facts, now: Timestamp) -> Plan {
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
            return Plan { look_again: Some(now + GLOSSARY_RECHECK), ..plan };
        }
        // While it waited, others had its turn.
        Glossary::Found { .. } if waiting_for == For::Glossary => return wait(job, WaitingFor::Turn, now),
        Glossary::Found { key, sha256, text } => {
            let stored = StoredGlossary { key: key.to_string(), sha256 };
            Some((stored, Effect::StoreGlossary { key, text }))
        }
        Glossary::NotNeeded => None,
    };
    if !facts.is_its_turn {
        let since = job.status.next_attempt_time.as_ref().map_or(job.created, |time| time.0.max(job.created));
        return match since + TURN_GRACE {
            soon if soon > now => Plan { effects: vec![], look_again: Some(soon) },
            _ => wait(job, WaitingFor::Turn, now),
        };
    }
    ask(valid, glossary, now)
}

fn ask(valid: &ValidJob, glossary: Option<(StoredGlossary, Effect)>, now: Timestamp) -> Plan {
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
    let asked = ValidJob { job: JobSnapshot { status: status.clone(), ..job.clone() }, ..valid.clone() };
    effects.push(Effect::Publish(Box::new(task(&asked, now))));
    let written = write(job, status, Announcement::OfNewAttempts, now);
    effects.extend(written.effects);
    Plan { effects, look_again: None }
}

fn wait(job: &JobSnapshot, waiting_for: WaitingFor, now: Timestamp) -> Plan {
    wait_with_message(job, waiting_for, reason_of(waiting_for).meaning().trim().to_owned(), now)
}

/// Shows what the job waits for; writes only if that is new.
fn wait_with_message(job: &JobSnapshot, waiting_for: WaitingFor, message: String, now: Timestamp) -> Plan {
    // A glossary is waited for because it does not exist, or because it may not be read.
    let is_shown = waiting_for != WaitingFor::Glossary || job.status.message.as_ref() == Some(&message);
    if job.status.waiting_for == Some(waiting_for.into()) && is_shown {
        return Plan::default();
    }
    let mut status = job.status.clone();
    status.reason = Some(reason_of(waiting_for).into());
    status.waiting_for = Some(waiting_for.into());
    status.message = Some(message);
    write(job, status, Announcement::OfNewAttempts, now)
}

const fn reason_of(waiting_for: WaitingFor) -> Reason {
    match waiting_for {
        WaitingFor::Turn => Reason::WaitingForTurn,
        WaitingFor::Broker => Reason::WaitingForBroker,
        WaitingFor::Glossary => Reason::WaitingForGlossary,
        WaitingFor::Resume => Reason::Suspended,
    }
}
