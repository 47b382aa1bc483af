//! `GET` of a job's record, status and history. Does I/O.

use axum::{Extension, Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use subtitle_contract::text::sanitize;

use super::{
    find::{Found, find, unknown},
    job_id::JobId,
    query::Parameters,
    views,
};
use crate::{
    act::ports::RecordReader as _,
    http::{auth::Caller, error::ApiError, state::HttpState},
};

pub(in crate::http) async fn record(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    id: JobId,
) -> Result<Json<Value>, ApiError> {
    let id = id.as_str();
    find(&state, &caller, id).await?.record.map(Json).ok_or_else(|| unknown(id))
}

pub(in crate::http) async fn status(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    id: JobId,
) -> Result<Json<Value>, ApiError> {
    let id = id.as_str();
    let Found { job, record, .. } = find(&state, &caller, id).await?;
    let record = record.ok_or_else(|| unknown(id))?;
    let status = job.and_then(|job| job.status).unwrap_or_default();
    Ok(Json(views::status(id, &record, &status)))
}

#[derive(Deserialize)]
pub(in crate::http) struct Page {
    limit: Option<String>,
    r#continue: Option<String>,
}

impl Page {
    fn limit(&self) -> Result<usize, ApiError> {
        let text = self.limit.as_deref().unwrap_or("50");
        let limit = text.parse().ok().filter(|limit| (1..=500).contains(limit));
        limit.ok_or_else(|| ApiError::InvalidLimit { limit: sanitize(text, 20) })
    }

    fn before(&self) -> Result<Option<usize>, ApiError> {
        let parsed = self
            .r#continue
            .as_deref()
            .map(|text| text.parse().map_err(|_| ApiError::InvalidContinue { position: sanitize(text, 20) }));
        parsed.transpose()
    }
}

pub(in crate::http) async fn events(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    id: JobId,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Value>, ApiError> {
    let (limit, before, id) = (page.limit()?, page.before()?, id.as_str());
    find(&state, &caller, id).await?;
    let (texts, total) = state.executor.records().events_before(id, before, limit).await?;
    Ok(Json(views::history(id, &texts, before.unwrap_or(total).min(total), total)))
}
