//! `/healthz`, `/readyz` and `/metrics`: without authentication, in every role. Does I/O.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::FutureExt as _;
use kube::runtime::reflector::Store;
use serde_json::json;
use subtitle_broker::AmqpSession;
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::{Registry, http::OPEN_METRICS};
use tokio::sync::watch;

use crate::act::redis::RedisRecords;

/// The sources of this process's health.
#[derive(Clone)]
pub struct Health {
    /// Ready after the first complete list.
    pub store: Store<SubtitleJob>,
    /// Checked with a PING.
    pub records: Arc<RedisRecords>,
    /// The metrics of `/metrics`.
    pub registry: Arc<Registry>,
    /// `None` in a process that never leads.
    pub leader: Option<Leader>,
}

/// The state of a candidate for leadership.
#[derive(Clone)]
pub struct Leader {
    /// Whether this process leads.
    pub is_leading: watch::Receiver<bool>,
    /// The current session with RabbitMQ, if there is one.
    pub session: watch::Receiver<Option<Arc<AmqpSession>>>,
}

/// The paths of [`router`]; `/health` is the path of `/healthz` in the system that this one replaces.
pub(super) const PATHS: [&str; 4] = ["/healthz", "/health", "/readyz", "/metrics"];

/// The routes.
pub fn router(health: Health) -> Router {
    let [alive, alive_before, ready_path, metrics_path] = PATHS;
    Router::new()
        .route(alive, get(|| async { "ok" }))
        .route(alive_before, get(|| async { "ok" }))
        .route(ready_path, get(ready))
        .route(metrics_path, get(metrics))
        .with_state(health)
}

/// Ready means able to accept and answer requests, which needs Kubernetes only: without the broker, jobs are accepted and
/// wait; without Redis, they still finish. The body reports the state of the others.
async fn ready(State(health): State<Health>) -> Response {
    let kubernetes = health.store.wait_until_ready().now_or_never().is_some_and(|ready| ready.is_ok());
    let mut answer = json!({"kubernetes": kubernetes, "redis": health.records.answers().await});
    if let Some(Leader { is_leading, session }) = &health.leader {
        answer["leader"] = (*is_leading.borrow()).into();
        answer["broker"] = session.borrow().is_some().into();
    }
    let code = if kubernetes { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(answer)).into_response()
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], health.registry.text())
}
