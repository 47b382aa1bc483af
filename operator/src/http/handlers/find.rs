//! A job's id comes in, the job that the caller may see goes out: its object or, once that is deleted, what Redis still has
//! of it. Called by the handlers that read. Does I/O.

use kube::ResourceExt as _;
use serde_json::Value;
use subtitle_contract::{job::SubtitleJob, record::Record, text::sanitize};

use crate::{
    act::ports::{ClusterReader as _, RecordReader as _},
    http::{auth::Caller, error::ApiError, state::HttpState},
};

/// A job that the caller may see.
pub(super) struct Found {
    /// The object, unless it is deleted.
    pub(super) job: Option<SubtitleJob>,
    /// The object's record, else the one that Redis still has.
    pub(super) record: Option<Value>,
    /// The namespace that the caller was authorized for.
    pub(super) namespace: String,
}

pub(super) fn unknown(id: &str) -> ApiError {
    ApiError::UnknownJob { id: sanitize(id, 64) }
}

/// Finds the job and authorizes the caller to get it. A job outside the watched namespaces is unknown.
pub(super) async fn find(state: &HttpState, caller: &Caller, id: &str) -> Result<Found, ApiError> {
    let (found, name) = find_anywhere(state, id).await?;
    if !state.watches(&found.namespace) {
        return Err(unknown(id));
    }
    state.auth.authorize(caller, "get", &found.namespace, Some(&name)).await?;
    Ok(found)
}

/// The job and its name: by the object, else by its record, else by its newest event.
async fn find_anywhere(state: &HttpState, id: &str) -> Result<(Found, String), ApiError> {
    if let Some(job) = state.executor.cluster().find(id, None).await? {
        let record = serde_json::to_value(Record::project(&job)).map_err(ApiError::Encode)?;
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        return Ok((Found { job: Some(job), record: Some(record), namespace }, name));
    }
    let records = state.executor.records();
    let read = |text: &String| serde_json::from_str::<Value>(text).ok();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    if let Some(record) = records.record(id).await?.as_ref().and_then(read) {
        let (namespace, name) = (text(&record, "namespace"), text(&record, "name"));
        return Ok((Found { job: None, record: Some(record), namespace }, name));
    }
    let (newest, _) = records.events(id, 1).await?;
    let event = newest.first().and_then(read).ok_or_else(|| unknown(id))?;
    Ok((Found { job: None, record: None, namespace: text(&event, "namespace") }, text(&event, "name")))
}
