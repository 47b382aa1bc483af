//! `GET /subtitles/{id}/file`: the bytes from the object store; the key comes from the object, or, after it is
//! gone, from the job's last event.

use axum::{
    Extension,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use subtitle_contract::media::media_type;

use super::{
    Refusal, Shared,
    guard::Caller,
    reads::{Found, found},
    unavailable,
};
use crate::act::ledger::Ledger as _;

async fn key(shared: &Shared, found: Found, id: &str) -> Result<Option<String>, Refusal> {
    if let Some(job) = found.job {
        return Ok(job.status.and_then(|status| status.result).map(|result| result.key));
    }
    let (events, _) = shared.ledger.events(id, 500).await.map_err(|error| unavailable(&error))?;
    let key = |text: &String| -> Option<String> {
        let event: serde_json::Value = serde_json::from_str(text).ok()?;
        event["payload"]["result"]["key"].as_str().map(str::to_owned)
    };
    Ok(events.iter().find_map(key))
}

pub(super) async fn file(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let none = |detail: &str| Refusal(StatusCode::NOT_FOUND, "NoFile", detail.to_owned());
    let found = found(&shared, &caller, &id).await?;
    let key = key(&shared, found, &id).await?.ok_or_else(|| none("the job has no subtitle (yet)"))?;
    let stored = shared.files.read(&key).await.map_err(|error| unavailable(&error))?;
    let bytes = stored.ok_or_else(|| none("the file is not in the object store any more"))?;
    let kind = key.rsplit('.').next().and_then(media_type).unwrap_or("text/plain");
    Ok(([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], bytes).into_response())
}
