//! `/healthz`, `/readyz` and `/metrics`: open to everybody, in every role.

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
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::{Registry, http::OPEN_METRICS};
use tokio::sync::watch;

use crate::{
    act::{ledger::RedisLedger, queues::Publisher},
    reconciler::Broker,
};

/// What is told of this process.
#[derive(Clone)]
pub struct Health {
    /// The watch's store.
    pub store: Store<SubtitleJob>,
    /// Redis.
    pub ledger: Arc<RedisLedger>,
    /// What is counted.
    pub registry: Arc<Registry>,
    /// Whether this process leads, and RabbitMQ; none where it is never to lead.
    pub leads: Option<(watch::Receiver<bool>, Broker<Publisher>)>,
}

/// The three routes.
pub const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The three routes' answers.
pub fn router(health: Health) -> Router {
    let [alive, ready_path, metrics_path] = PATHS;
    Router::new()
        .route(alive, get(|| async { "ok" }))
        .route(ready_path, get(ready))
        .route(metrics_path, get(metrics))
        .with_state(health)
}

/// Ready is who can take and answer requests, which needs Kubernetes only: without the broker jobs are accepted and
/// wait, without Redis they still finish. The body says what else is there.
async fn ready(State(health): State<Health>) -> Response {
    let kubernetes = health.store.wait_until_ready().now_or_never().is_some_and(|ready| ready.is_ok());
    let mut answer = json!({"kubernetes": kubernetes, "redis": health.ledger.answers().await});
    if let Some((is_leader, broker)) = &health.leads {
        answer["leader"] = (*is_leader.borrow()).into();
        answer["broker"] = broker.borrow().is_some().into();
    }
    let code = if kubernetes { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(answer)).into_response()
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], health.registry.text())
}
