//! `POST /subtitles/download`: the old system's body becomes a SubtitleJob.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use kube::{Api, ResourceExt as _, api::PostParams};
use serde::Deserialize;
use serde_json::json;
use subtitle_core::{
    job::SubtitleJob,
    names::{SOURCES, known},
    record::Record,
};

use super::{Refusal, Shared, unavailable};
use crate::act::ledger::Ledger as _;

/// The body; `preferred_sources` is a wish, so unknown names are left out.
#[derive(Deserialize)]
struct Body {
    video_url: String,
    video_title: String,
    language: String,
    #[serde(default)]
    target_language: Option<String>,
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
    let sources: Vec<_> = body.preferred_sources.iter().filter_map(|name| known(&SOURCES, name)).collect();
    if !sources.is_empty() {
        spec["sources"] = sources.iter().map(|name| json!({"name": name})).collect();
    }
    let object =
        json!({"apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "metadata": metadata, "spec": spec});
    serde_json::from_value(object).map_err(invalid)
}

pub(super) async fn create(
    State(shared): State<Shared>,
    headers: HeaderMap,
    text: String,
) -> Result<Response, Refusal> {
    let body: Body = serde_json::from_str(&text).map_err(invalid)?;
    let name = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let api: Api<SubtitleJob> = Api::namespaced(shared.client.clone(), &shared.namespace);
    let created = match (api.create(&PostParams::default(), &job(&body, name)?).await, name) {
        (Err(kube::Error::Api(answer)), Some(name)) if answer.code == 409 => api.get(name).await,
        (created, _) => created,
    };
    let created = created.map_err(|error| match error {
        kube::Error::Api(answer) if answer.code == 422 || answer.code == 400 => invalid(answer.message),
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
