//! `GET` of a job's subtitle: its bytes from the object store. The key is in the object or, once that is deleted, in the
//! job's newest event with a result. Does I/O.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use subtitle_contract::{media::media_type, store_key::StoreKey};
use subtitle_store::sha256;

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
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = find(&state, &caller, id.as_str()).await?;
    let key = result_key(&state, found, id.as_str()).await?.ok_or(ApiError::NoFile)?;
    let bytes = state.files.read(&key).await?.ok_or(ApiError::FileExpired)?;
    let kind = key.as_str().rsplit('.').next().and_then(media_type).unwrap_or("text/plain");
    let etag = format!("\"{}\"", sha256(&bytes));
    let fixed = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag.clone()),
    ];
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|known| known == "*" || known.contains(&etag)) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    let is_current = text(header::IF_RANGE).is_none_or(|known| known == etag);
    Ok(match text(header::RANGE).filter(|_| is_current).map(|range| requested(range, bytes.len())) {
        Some(Requested::Part(first, last)) => {
            let range = format!("bytes {first}-{last}/{}", bytes.len());
            let part = bytes.slice(first..=last);
            (StatusCode::PARTIAL_CONTENT, fixed, [(header::CONTENT_RANGE, range)], part).into_response()
        }
        Some(Requested::Nothing) => {
            let range = format!("bytes */{}", bytes.len());
            ([(header::CONTENT_RANGE, range)], ApiError::RangeNotSatisfiable { length: bytes.len() }).into_response()
        }
        Some(Requested::All) | None => (fixed, bytes).into_response(),
    })
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Requested {
    /// The bytes from the first to the last, inclusive.
    Part(usize, usize),
    /// Bytes that the file has not.
    Nothing,
    /// More than one part, or something that is no range of bytes: the whole file is the answer.
    All,
}

fn requested(range: &str, length: usize) -> Requested {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Requested::All;
    };
    let number = |text: &str| text.parse::<usize>().ok();
    if first.is_empty() {
        return match number(last) {
            None => Requested::All,
            Some(suffix) if suffix == 0 || length == 0 => Requested::Nothing,
            Some(suffix) => Requested::Part(length - suffix.min(length), length - 1),
        };
    }
    let end = if last.is_empty() { Some(usize::MAX) } else { number(last) };
    match (number(first), end) {
        (Some(first), Some(last)) if first > last => Requested::All,
        (Some(first), Some(_)) if first >= length => Requested::Nothing,
        (Some(first), Some(last)) => Requested::Part(first, last.min(length - 1)),
        _ => Requested::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_part_of_the_file_or_none_or_all_of_it() {
        for (range, expected) in [
            ("bytes=0-3", Requested::Part(0, 3)),
            ("bytes=4-", Requested::Part(4, 9)),
            ("bytes=-3", Requested::Part(7, 9)),
            ("bytes=-30", Requested::Part(0, 9)),
            ("bytes=8-30", Requested::Part(8, 9)),
            ("bytes=10-", Requested::Nothing),
            ("bytes=10-12", Requested::Nothing),
            ("bytes=-0", Requested::Nothing),
            ("bytes=0-1,4-5", Requested::All),
            ("bytes=5-2", Requested::All),
            ("lines=1-2", Requested::All),
            ("bytes=-", Requested::All),
            ("bytes=a-3", Requested::All),
            ("bytes=12-b", Requested::All),
        ] {
            assert_eq!(requested(range, 10), expected, "{range}");
        }
    }
}
