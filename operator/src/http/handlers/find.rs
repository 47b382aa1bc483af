//! A job's id comes in, the job that the caller may see goes out: its object or, once that is deleted, what Redis still has
//! of it. Called by the handlers that read. Does I/O.

use kube::ResourceExt as _;
use serde_json::{Value, json};
use subtitle_contract::{job::SubtitleJob, record::Record, text::clean};

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
}

pub(super) fn unknown(id: &str) -> ApiError {
    ApiError::UnknownJob { id: clean(id, 64) }
}

/// Finds the job and authorizes the caller to get it. A job outside the watched namespaces is unknown.
pub(super) async fn find(state: &HttpState, caller: &Caller, id: &str) -> Result<Found, ApiError> {
    let (found, identity) = find_anywhere(state, id).await?;
    let text = |key: &str| identity[key].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    if !state.watches(namespace) {
        return Err(unknown(id));
    }
    state.auth.authorize(caller, "get", namespace, Some(name)).await?;
    Ok(found)
}

/// The job, and JSON with its `namespace` and `name`: of the object, else of its record, else of its newest event.
async fn find_anywhere(state: &HttpState, id: &str) -> Result<(Found, Value), ApiError> {
    if let Some(job) = state.executor.cluster().find(id, None).await? {
        let record = serde_json::to_value(Record::project(&job)).map_err(ApiError::Encode)?;
        let identity = json!({"namespace": job.namespace(), "name": job.name_any()});
        return Ok((Found { job: Some(job), record: Some(record) }, identity));
    }
    let records = state.executor.records();
    let read = |text: &String| serde_json::from_str::<Value>(text).ok();
    if let Some(record) = records.record(id).await?.as_ref().and_then(read) {
        let identity = record.clone();
        return Ok((Found { job: None, record: Some(record) }, identity));
    }
    let (newest, _) = records.events(id, 1).await?;
    let event = newest.first().and_then(read).ok_or_else(|| unknown(id))?;
    Ok((Found { job: None, record: None }, event))
}
