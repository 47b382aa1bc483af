//! A job's id comes in, the job that the caller may see goes out: its object or, once that is deleted, what Redis still has
//! of it: its record, or if that is lost, what its history adds up to. Called by the handlers that read. Does I/O.

use kube::ResourceExt as _;
use serde_json::Value;
use subtitle_contract::{event::Event, job::SubtitleJob, record::Record, text::sanitize};

use crate::{
    act::ports::{ClusterReader as _, RecordReader as _},
    http::{auth::Caller, error::ApiError, state::HttpState},
    observe::past_job::past_record,
};

/// Events that are read at each end of a long history: the first says what was asked for, the last what became of it.
const READ_AT_EACH_END: usize = 100;

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

/// The job and its name: by the object, else by its record, else by its history.
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
    let record = past_record(id, &history(state, id).await?).ok_or_else(|| unknown(id))?;
    let (namespace, name) = (record.namespace.clone(), record.name.clone());
    let record = serde_json::to_value(record).map_err(ApiError::Encode)?;
    Ok((Found { job: None, record: Some(record), namespace }, name))
}

/// The oldest and the newest events of a job, the oldest first.
async fn history(state: &HttpState, id: &str) -> Result<Vec<Event>, ApiError> {
    let records = state.executor.records();
    let (mut texts, total) = records.events(id, READ_AT_EACH_END).await?;
    let before = total.saturating_sub(texts.len()).min(READ_AT_EACH_END);
    if before > 0 {
        texts.extend(records.events_before(id, Some(before), before).await?.0);
    }
    Ok(texts.iter().rev().filter_map(|text| Event::decode(text.as_bytes()).ok()).collect())
}
