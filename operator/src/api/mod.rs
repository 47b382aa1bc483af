//! HTTP: the old system's routes. A job created here is an ordinary SubtitleJob; who asks, and whether they may, is what
//! the Kubernetes API says.
//!
//! ```text
//!   request ──▶ who asks (401, 503) ──▶ which job (404) ──▶ may they (403) ──▶ answer
//! ```

mod create;
pub mod description;
mod file;
mod guard;
pub mod health;
mod reads;
pub mod serve;

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use serde_json::json;

use crate::act::{cluster::KubeCluster, ledger::RedisLedger};
pub use guard::Guard;

/// What handlers need.
#[derive(Clone)]
pub struct Shared {
    /// Objects.
    pub jobs: Arc<KubeCluster>,
    /// Redis.
    pub ledger: Arc<RedisLedger>,
    /// The API server.
    pub client: kube::Client,
    /// Where jobs created here go unless they say where.
    pub namespace: String,
    /// The namespaces that are watched; none for all.
    pub watched: Arc<[String]>,
    /// Where results are.
    pub files: subtitle_store::Store,
    /// Who may ask.
    pub guard: Arc<Guard>,
}

impl Shared {
    fn watches(&self, namespace: &str) -> bool {
        self.watched.is_empty() || self.watched.iter().any(|watched| watched == namespace)
    }
}

/// An error as every route answers it.
struct Refusal(StatusCode, &'static str, String);

/// Seconds after which asking again makes sense, when something is away.
const RETRY_AFTER: &str = "5";

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.0, Json(json!({"detail": self.2, "code": self.1}))).into_response();
        let headers = response.headers_mut();
        match (self.0, self.1) {
            (StatusCode::SERVICE_UNAVAILABLE, _) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
            }
            (StatusCode::UNAUTHORIZED, guard::NO_TOKEN) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"subtitles\""));
            }
            (StatusCode::UNAUTHORIZED, _) => {
                let value = "Bearer realm=\"subtitles\", error=\"invalid_token\"";
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(value));
            }
            _ => {}
        }
        response
    }
}

fn unknown(id: &str) -> Refusal {
    let id = subtitle_contract::text::clean(id, 64);
    Refusal(StatusCode::NOT_FOUND, "NotFound", format!("no job has the id '{id}'"))
}

fn unavailable(error: &dyn std::fmt::Display) -> Refusal {
    Refusal(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", error.to_string())
}

/// Every route that asks who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Create,
    Status,
    Record,
    File,
    Events,
}

impl Route {
    const ALL: [Self; 5] = [Self::Create, Self::Status, Self::Record, Self::File, Self::Events];

    const fn path(self) -> &'static str {
        match self {
            Self::Create => "/subtitles/download",
            Self::Status => "/subtitles/status/{id}",
            Self::Record => "/subtitles/{id}",
            Self::File => "/subtitles/{id}/file",
            Self::Events => "/subtitles/{id}/events",
        }
    }

    fn handler(self) -> MethodRouter<Shared> {
        match self {
            Self::Create => post(create::create),
            Self::Status => get(reads::status),
            Self::Record => get(reads::record),
            Self::File => get(file::file),
            Self::Events => get(reads::events),
        }
    }
}

/// The API.
pub fn router(shared: Shared) -> Router {
    let add = |router: Router<Shared>, route: Route| router.route(route.path(), route.handler());
    Route::ALL
        .into_iter()
        .fold(Router::new(), add)
        .route_layer(middleware::from_fn_with_state(shared.clone(), guard::who))
        .fallback(|| async { Refusal(StatusCode::NOT_FOUND, "NotFound", "no such route".to_owned()) })
        .with_state(shared)
}
