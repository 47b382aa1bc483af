//! `POST /subtitles/download`: the old system's body becomes a SubtitleJob.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use kube::{Api, ResourceExt as _, api::PostParams};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use subtitle_contract::{job::SubtitleJob, record::Record, text::clean};

use super::{Refusal, Shared, guard::Caller, unavailable};
use crate::act::ledger::Ledger as _;

/// Wished sources that a job keeps: more than there are.
const MOST_WISHES: usize = 16;

/// A wish for a subtitle.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Body {
    /// Where the video is: http or https.
    video_url: String,
    /// Its title.
    video_title: String,
    /// The language wanted; with `target_language`, the one to translate from.
    language: String,
    /// The language to translate to.
    #[serde(default)]
    target_language: Option<String>,
    /// Names of sources, the best first. A wish: those that are unknown or not set up are left out, which the job's status
    /// says.
    #[serde(default)]
    preferred_sources: Vec<String>,
}

fn invalid(detail: impl std::fmt::Display) -> Refusal {
    Refusal(StatusCode::UNPROCESSABLE_ENTITY, "InvalidBody", detail.to_string())
}

fn job(body: &Body, name: Option<&str>) -> Result<SubtitleJob, Refusal> {
    let mut metadata = json!({"generateName": "subtitle-"});
    if let Some(name) = name {
        metadata = json!({"name": name});
    }
    let mut spec = json!({
        "video": {"url": body.video_url, "title": body.video_title},
        "language": body.target_language.as_ref().unwrap_or(&body.language),
    });
    if body.target_language.is_some() {
        spec["translation"] = json!({"policy": "Always", "from": [body.language]});
    }
    let wished = body.preferred_sources.iter().map(|name| clean(name.trim(), 64)).filter(|name| !name.is_empty());
    let wished: Vec<String> = wished.take(MOST_WISHES).collect();
    if !wished.is_empty() {
        spec["preferredSources"] = json!(wished);
    }
    let object =
        json!({"apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "metadata": metadata, "spec": spec});
    serde_json::from_value(object).map_err(invalid)
}

/// The longest the API server may take: the client itself never gives up.
const DEADLINE: Duration = Duration::from_secs(15);

async fn in_time<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<Result<T, kube::Error>, Refusal> {
    let silent = |_| unavailable(&"failed to create the job: the Kubernetes API did not answer");
    tokio::time::timeout(DEADLINE, call).await.map_err(silent)
}

/// Where a job may be asked to go, besides the query.
const NAMESPACE_HEADER: &str = "subtitles-namespace";

#[derive(Deserialize)]
pub(super) struct Place {
    namespace: Option<String>,
}

/// The namespace the request names in its query, else in its header, else our own.
fn namespace(shared: &Shared, place: Place, headers: &HeaderMap) -> Result<String, Refusal> {
    let header = headers.get(NAMESPACE_HEADER).map(|value| value.to_str().unwrap_or_default().to_owned());
    let namespace = place.namespace.or(header).unwrap_or_else(|| shared.namespace.clone());
    // What is no DNS label would name another path of the API server.
    let is_label = (1..=63).contains(&namespace.len())
        && namespace.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_label {
        return Ok(namespace);
    }
    let detail = format!("'{}' is no name of a namespace", subtitle_contract::text::clean(&namespace, 64));
    Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "InvalidNamespace", detail))
}

pub(super) async fn create(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(place): Query<Place>,
    headers: HeaderMap,
    text: String,
) -> Result<Response, Refusal> {
    let namespace = namespace(&shared, place, &headers)?;
    shared.guard.allow(&caller, "create", &namespace, None).await?;
    if !shared.watches(&namespace) {
        let detail = format!("the namespace '{namespace}' is not watched: no job in it would be worked on");
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "NamespaceNotWatched", detail));
    }
    let body: Body = serde_json::from_str(&text).map_err(invalid)?;
    let name = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let api: Api<SubtitleJob> = Api::namespaced(shared.client.clone(), &namespace);
    let job = job(&body, name)?;
    let created = match (in_time(api.create(&PostParams::default(), &job)).await?, name) {
        (Err(kube::Error::Api(answer)), Some(name)) if answer.code == 409 => {
            // Whoever may create a job is not thereby allowed to see one that is there already.
            shared.guard.allow(&caller, "get", &namespace, Some(name)).await?;
            in_time(api.get(name)).await?
        }
        (created, _) => created,
    };
    let created = created.map_err(|error| match error {
        kube::Error::Api(answer) if [400, 404, 422].contains(&answer.code) => invalid(answer.message),
        kube::Error::Api(answer) if answer.code == 403 => {
            Refusal(StatusCode::FORBIDDEN, "Refused", format!("the Kubernetes API refuses the job: {}", answer.message))
        }
        other => unavailable(&other),
    })?;
    // Written before the answer, so that a GET right after it finds the record.
    if let Err(error) = shared.ledger.project(&[&created]).await {
        tracing::warn!(%error, "the new record is not in Redis yet");
    }
    let id = created.uid().unwrap_or_default();
    let mut record = serde_json::to_value(Record::of(&created)).map_err(|error| unavailable(&error))?;
    record["job_id"] = json!(id);
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/subtitles/{id}"))], Json(record)).into_response())
}
