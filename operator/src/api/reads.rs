//! `GET`: a job's record, its status, its history. The object says it where there still is one, else what Redis has.

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use kube::ResourceExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use subtitle_contract::{job::SubtitleJob, phase::Phase, record::Record};

use super::{Refusal, Shared, guard::Caller, unavailable, unknown};
use crate::act::{cluster::Cluster as _, ledger::Ledger as _};

/// A job that whoever asks may see.
pub(super) struct Found {
    /// The object, where there still is one.
    pub(super) job: Option<SubtitleJob>,
    /// Its record: of the object, else what Redis still has.
    pub(super) record: Option<Value>,
}

/// The job, for who may get it. One that is known to nobody, or outside the watched namespaces, is not found.
pub(super) async fn found(shared: &Shared, caller: &Caller, id: &str) -> Result<Found, Refusal> {
    let (found, place) = find(shared, id).await?;
    let text = |key: &str| place[key].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    if !shared.watches(namespace) {
        return Err(unknown(id));
    }
    shared.guard.allow(caller, "get", namespace, Some(name)).await?;
    Ok(found)
}

/// The job, and what names its namespace and its name: the object, else its record, else its newest event.
async fn find(shared: &Shared, id: &str) -> Result<(Found, Value), Refusal> {
    let job = shared.jobs.find(id, None).await.map_err(|error| unavailable(&error))?;
    if let Some(job) = job {
        let record = serde_json::to_value(Record::of(&job)).map_err(|error| unavailable(&error))?;
        let place = json!({"namespace": job.namespace(), "name": job.name_any()});
        return Ok((Found { job: Some(job), record: Some(record) }, place));
    }
    let read = |text: &String| serde_json::from_str::<Value>(text).ok();
    let record = shared.ledger.record(id).await.map_err(|error| unavailable(&error))?;
    if let Some(record) = record.as_ref().and_then(read) {
        let place = record.clone();
        return Ok((Found { job: None, record: Some(record) }, place));
    }
    let (newest, _) = shared.ledger.events(id, 1).await.map_err(|error| unavailable(&error))?;
    let event = newest.first().and_then(read).ok_or_else(|| unknown(id))?;
    Ok((Found { job: None, record: None }, event))
}

pub(super) async fn record(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    found(&shared, &caller, &id).await?.record.map(Json).ok_or_else(|| unknown(&id))
}

/// 0 to 100: half for finding, half for translating.
pub(super) async fn status(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let Found { job, record } = found(&shared, &caller, &id).await?;
    let record = record.ok_or_else(|| unknown(&id))?;
    let known = job.and_then(|job| job.status).unwrap_or_default();
    let progress = match record["status"].as_str().and_then(Phase::from_wire_status) {
        Some(Phase::Done | Phase::Failed) => 100,
        Some(Phase::TranslateInProgress) => 50 + known.cues.map_or(0, |cues| cues.done * 50 / cues.total.max(1)),
        Some(Phase::TranslateQueued) => 50,
        Some(Phase::DownloadInProgress) => 25,
        _ => 0,
    };
    let message = known.message.or_else(|| known.reason.map(|reason| reason.meaning().trim().to_owned()));
    Ok(Json(json!({"id": id, "status": record["status"], "progress": progress, "message": message})))
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
}

pub(super) async fn events(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    let limit = page.limit.as_deref().unwrap_or("50");
    let Some(limit) = limit.parse().ok().filter(|limit| (1..=500).contains(limit)) else {
        let detail = format!("limit is '{}'; 1 to 500 are allowed", subtitle_contract::text::clean(limit, 20));
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "InvalidLimit", detail));
    };
    found(&shared, &caller, &id).await?;
    let (texts, total) = shared.ledger.events(&id, limit).await.map_err(|error| unavailable(&error))?;
    let events: Vec<Value> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    Ok(Json(json!({"job_id": id, "event_count": events.len(), "total": total, "events": events})))
}
