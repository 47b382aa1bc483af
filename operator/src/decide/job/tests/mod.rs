//! Whole plans, for the steps of a job's life.

mod fold;
mod promises;
mod reconcile;

use jiff::Timestamp;
use serde_json::{Value, json};
use subtitle_contract::{event::Event, job::SubtitleJobStatus, payload::Failed, reason::Reason};

use crate::{
    decide::plan::{Effect, Plan},
    observe::{
        facts::{Facts, Glossary},
        job::{JobSnapshot, ObservedJob},
    },
};

fn now() -> Timestamp {
    "2026-01-31T20:15:00Z".parse().expect("a time")
}

fn job(spec: &Value, status: &Value) -> JobSnapshot {
    let mut whole = json!({"video": {"path": "a.mkv"}, "language": "es"});
    whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    let object = json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
        "metadata": {"name": "a", "namespace": "films", "uid": "u", "generation": 1, "creationTimestamp": "2026-01-31T20:00:00Z"},
        "spec": whole, "status": status,
    });
    let mut job = JobSnapshot::from_object(&serde_json::from_value(object).expect("a job")).expect("observed");
    if job.status.revision > 0 {
        job.status.observed_generation = job.generation;
        job.status.conditions = super::conditions::for_status(&job.status, job.generation, now());
    }
    job
}

/// Everything the job needs is available, and it may run.
const READY_FACTS: Facts = Facts {
    is_admitted: true,
    held_by: None,
    has_broker: true,
    events_settled: true,
    task_may_be_lost: false,
    glossary: Glossary::NotNeeded,
    denial: None,
    installation: None,
    record: None,
};

/// The status a plan writes, and the names of its effects in order.
fn outline(plan: &Plan) -> (Vec<&'static str>, Option<SubtitleJobStatus>) {
    let mut status = None;
    let names = plan.effects.iter().map(|effect| match effect {
        Effect::Publish(_) => "publish",
        Effect::WriteStatus(written) => {
            status = Some((**written).clone());
            "status"
        }
        Effect::WriteRecord => "record",
        Effect::Delete { .. } => "delete",
        Effect::StoreGlossary { .. } => "glossary",
        other => panic!("not an effect on one job: {other:?}"),
    });
    (names.collect(), status)
}

fn failed(retryable: bool, reason: Reason) -> Failed {
    Failed { error_message: "it broke".into(), reason: reason.into(), retryable, not_before: None, candidates: vec![] }
}

fn reconcile(job: &JobSnapshot, facts: Facts, now: Timestamp) -> Plan {
    super::reconcile::reconcile(&ObservedJob::from_snapshot(job.clone()), facts, now)
}

fn task(job: &JobSnapshot, now: Timestamp) -> Event {
    let ObservedJob::Valid(job) = ObservedJob::from_snapshot(job.clone()) else { panic!("a valid job") };
    super::task::task(&job, now)
}
