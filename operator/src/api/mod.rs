//! HTTP: the old system's routes and health. A job created here is an ordinary SubtitleJob.

mod create;
mod file;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::FutureExt as _;
use kube::runtime::reflector::Store;
use serde::Deserialize;
use serde_json::{Value, json};
use subtitle_core::{job::SubtitleJob, phase::Phase, record::Record};
use subtitle_telemetry::{Registry, http::OPEN_METRICS};
use tokio::sync::watch;

use crate::{
    act::{
        cluster::{Cluster as _, KubeCluster},
        ledger::{Ledger as _, RedisLedger},
        queues::Publisher,
    },
    reconciler::Broker,
};

/// What handlers need.
#[derive(Clone)]
pub struct Shared {
    /// Objects.
    pub jobs: Arc<KubeCluster>,
    /// Redis.
    pub ledger: Arc<RedisLedger>,
    /// RabbitMQ.
    pub broker: Broker<Publisher>,
    /// Whether this process leads.
    pub is_leader: watch::Receiver<bool>,
    /// The API server.
    pub client: kube::Client,
    /// Where jobs created here go.
    pub namespace: String,
    /// Where results are.
    pub files: subtitle_store::Store,
    /// What is counted.
    pub registry: Arc<Registry>,
    /// The watch's store.
    pub store: Store<SubtitleJob>,
}

/// An error as every route answers it.
struct Refusal(StatusCode, &'static str, String);

/// Seconds after which asking again makes sense, when something is away.
const RETRY_AFTER: &str = "5";

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.0, Json(json!({"detail": self.2, "code": self.1}))).into_response();
        if self.0 == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        response
    }
}

fn unknown(id: &str) -> Refusal {
    let id = subtitle_core::text::clean(id, 64);
    Refusal(StatusCode::NOT_FOUND, "NotFound", format!("no job has the id '{id}'"))
}

fn unavailable(error: &dyn std::fmt::Display) -> Refusal {
    Refusal(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", error.to_string())
}

/// Every route.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/metrics", get(metrics))
        .route("/readyz", get(ready))
        .route("/subtitles/download", post(create::create))
        .route("/subtitles/status/{id}", get(status))
        .route("/subtitles/{id}", get(record))
        .route("/subtitles/{id}/file", get(file::file))
        .route("/subtitles/{id}/events", get(events))
        .fallback(|| async { Refusal(StatusCode::NOT_FOUND, "NotFound", "no such route".to_owned()) })
        .with_state(shared)
}

/// Ready is who can take and answer requests, which needs Kubernetes only: without the broker jobs are accepted and
/// wait, without Redis they still finish. The body says what else is there.
async fn ready(State(shared): State<Shared>) -> Response {
    let kubernetes = shared.store.wait_until_ready().now_or_never().is_some_and(|ready| ready.is_ok());
    let (leader, broker) = (*shared.is_leader.borrow(), shared.broker.borrow().is_some());
    let redis = shared.ledger.answers().await;
    let code = if kubernetes { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({"kubernetes": kubernetes, "leader": leader, "broker": broker, "redis": redis}))).into_response()
}

async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], shared.registry.text())
}

/// The object where there still is one, and the record: of the object, else what Redis still has.
async fn found(shared: &Shared, id: &str) -> Result<(Option<SubtitleJob>, Value), Refusal> {
    let job = shared.jobs.find(id, None).await.map_err(|error| unavailable(&error))?;
    if let Some(job) = job {
        let record = serde_json::to_value(Record::of(&job)).map_err(|error| unavailable(&error))?;
        return Ok((Some(job), record));
    }
    let text = shared.ledger.record(id).await.map_err(|error| unavailable(&error))?;
    let record = text.and_then(|text| serde_json::from_str(&text).ok()).ok_or_else(|| unknown(id))?;
    Ok((None, record))
}

async fn record(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    found(&shared, &id).await.map(|(_, record)| Json(record))
}

/// 0 to 100: half for finding, half for translating.
async fn status(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let (job, record) = found(&shared, &id).await?;
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
struct Page {
    limit: Option<usize>,
}

async fn events(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    let limit = page.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        let detail = format!("limit is {limit}; 1 to 500 are allowed");
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "InvalidLimit", detail));
    }
    let (texts, total) = shared.ledger.events(&id, limit).await.map_err(|error| unavailable(&error))?;
    if total == 0 {
        found(&shared, &id).await?;
    }
    let events: Vec<Value> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    Ok(Json(json!({"job_id": id, "event_count": events.len(), "total": total, "events": events})))
}
