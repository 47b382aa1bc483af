//! `GET` of a job's subtitle: its bytes from the object store. The key is in the object or, once that is deleted, in the
//! job's newest event with a result. Does I/O.

use axum::{
    Extension,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use subtitle_contract::media::media_type;

use super::{
    find::{Found, find},
    views::newest_result_key,
};
use crate::{
    act::ports::RecordReader as _,
    http::{auth::Caller, error::ApiError, state::HttpState},
};

/// Events searched for the last result of a deleted job: the most that any other route reads.
const SEARCHED: usize = 500;

async fn result_key(state: &HttpState, found: Found, id: &str) -> Result<Option<String>, ApiError> {
    if let Some(job) = found.job {
        return Ok(job.status.and_then(|status| status.result).map(|result| result.key));
    }
    let (events, _) = state.executor.records().events(id, SEARCHED).await?;
    Ok(newest_result_key(&events))
}

pub(in crate::http) async fn file(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = find(&state, &caller, &id).await?;
    let key = result_key(&state, found, &id).await?.ok_or(ApiError::NoFile)?;
    let bytes = state.files.read(&key).await?.ok_or(ApiError::FileExpired)?;
    let kind = key.rsplit('.').next().and_then(media_type).unwrap_or("text/plain");
    Ok(([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], bytes).into_response())
}
