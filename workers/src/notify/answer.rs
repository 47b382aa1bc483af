//! A target's answer: a request comes in, its status is checked and its body is read up to a limit. Does I/O.

use reqwest::{RequestBuilder, Response, StatusCode};

use super::error::NotifyError;
use crate::find::guard::cause;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// Sends a request; an answer that is not a success is an error.
pub(super) async fn answer(request: RequestBuilder) -> Result<Response, NotifyError> {
    // Not the error itself, which names the URL.
    let response = request.send().await.map_err(|error| NotifyError::Unreachable(cause(&error)))?;
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(NotifyError::Unauthorized),
        status => Err(NotifyError::Status(status.as_u16())),
    }
}

/// The body of an answer.
pub(super) async fn body(mut response: Response) -> Result<Vec<u8>, NotifyError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| NotifyError::Unreachable(cause(&error)))? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER {
            return Err(NotifyError::TooLong(MAX_ANSWER));
        }
    }
    Ok(body)
}
