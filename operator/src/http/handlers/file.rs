//! `GET` of a job's subtitle: its bytes from the object store. The key is in the object or, once that is deleted, in the
//! job's newest event with a result. Does I/O.

use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use subtitle_contract::{media::media_type, store_key::StoreKey};

use super::{
    find::{Found, find},
    job_id::JobId,
    views::newest_result_key,
};
use crate::{
    act::ports::RecordReader as _,
    http::{auth::Caller, error::ApiError, state::HttpState},
};

/// Events searched for the last result of a deleted job: the most that any other route reads.
const SEARCHED: usize = 500;

/// A key of another namespace, as a forged event or status may name it, is no result of this job.
async fn result_key(state: &HttpState, found: Found, id: &str) -> Result<Option<StoreKey>, ApiError> {
    let key = if let Some(job) = found.job {
        job.status.and_then(|status| status.result).map(|result| result.key)
    } else {
        let (events, _) = state.executor.records().events(id, SEARCHED).await?;
        newest_result_key(&events)
    };
    Ok(key.and_then(|key| StoreKey::for_namespace(&found.namespace, &key).ok()))
}

pub(in crate::http) async fn file(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    id: JobId,
) -> Result<Response, ApiError> {
    let found = find(&state, &caller, id.as_str()).await?;
    let key = result_key(&state, found, id.as_str()).await?.ok_or(ApiError::NoFile)?;
    let bytes = state.files.read(&key).await?.ok_or(ApiError::FileExpired)?;
    let kind = key.as_str().rsplit('.').next().and_then(media_type).unwrap_or("text/plain");
    Ok(([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], bytes).into_response())
}
