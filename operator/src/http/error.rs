//! Why a request is not answered as asked; becomes `{detail, code}` with its status and headers. Built by every handler.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kube::core::Status;
use serde_json::json;
use subtitle_store::StoreError;
use subtitle_telemetry::chain;

use crate::{
    act::{ActError, ClusterError, RecordError, reviews::ReviewError},
    decide::access::Unauthenticated,
    observe::watch::Undecodable,
};

/// The most bytes of a request's body: the longest fields that the CRD allows fit.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;
/// Seconds after which a request may be repeated when a server was away, or the caller sent too many bad tokens.
const RETRY_AFTER: &str = "5";
/// What tests and scripts rely on: `code` for a request without a token.
const NO_TOKEN: &str = "NoToken";

/// The text is `detail`; that of a server that is away is followed by its causes.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(
        "{}: send 'Authorization: Bearer TOKEN' with one from `kubectl create token NAME --audience {audience}`",
        sentence(*.reason)
    )]
    Unauthenticated { reason: Unauthenticated, audience: String },
    #[error("'{user}' may not {verb} subtitlejobs (subtitles.dev) in the namespace '{namespace}'")]
    Forbidden { user: String, verb: &'static str, namespace: String },
    #[error("no such route: /docs lists them")]
    UnknownRoute,
    #[error("the route does not have this method: /docs lists them")]
    MethodNotAllowed,
    /// The id is safe to show.
    #[error("no job has the id '{id}'")]
    UnknownJob { id: String },
    #[error("the job has no subtitle (yet)")]
    NoFile,
    #[error("the file is not in the object store any more")]
    FileExpired,
    #[error("the file has {length} bytes, and none of those that Range asks for")]
    RangeNotSatisfiable { length: usize },
    /// Such as a parameter that is given twice.
    #[error("the query is not valid: {detail}")]
    InvalidQuery { detail: String },
    #[error("continue is '{position}': it must be the `continue` of the previous response")]
    InvalidContinue { position: String },
    #[error("limit is '{limit}'; 1 to 500 are allowed")]
    InvalidLimit { limit: String },
    #[error("'{namespace}' is not a valid name of a namespace")]
    InvalidNamespace { namespace: String },
    #[error("the namespace '{namespace}' is not watched: no job in it would be worked on")]
    NamespaceNotWatched { namespace: String },
    #[error("the body has more than {MAX_BODY_BYTES} bytes")]
    BodyTooLarge,
    #[error("the body did not arrive in time")]
    SlowBody,
    #[error("the field '{field}' is not known: did you mean '{known}'?")]
    MisspeltField { field: String, known: &'static str },
    #[error(
        "the Idempotency-Key names the job '{name}', which was created from another request: send another key, or the same body"
    )]
    KeyReused { name: String },
    #[error(transparent)]
    InvalidBody(serde_json::Error),
    /// The API server does not accept the job that the body asks for.
    #[error("{}", .0.message)]
    InvalidJob(Box<Status>),
    /// The operator may not create it, or an admission policy or quota refuses it.
    #[error("the Kubernetes API refuses the job: {}", .0.message)]
    RefusedJob(Box<Status>),
    #[error(transparent)]
    Reviews(#[from] ReviewError),
    #[error(transparent)]
    Act(#[from] ActError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Records(#[from] RecordError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    #[error("failed to write the record as JSON")]
    Encode(#[source] serde_json::Error),
}

const fn sentence(reason: Unauthenticated) -> &'static str {
    match reason {
        Unauthenticated::NoToken => "the request has no token",
        Unauthenticated::InvalidToken => {
            "the Kubernetes API does not accept the token: it is malformed, has expired, or is meant for another audience"
        }
        Unauthenticated::WrongAudience => "the token is meant for another audience",
    }
}

impl ApiError {
    const fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated { reason, .. } => match reason {
                Unauthenticated::NoToken => (StatusCode::UNAUTHORIZED, NO_TOKEN),
                Unauthenticated::InvalidToken => (StatusCode::UNAUTHORIZED, "InvalidToken"),
                Unauthenticated::WrongAudience => (StatusCode::UNAUTHORIZED, "OtherAudience"),
            },
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "Forbidden"),
            Self::RefusedJob(_) => (StatusCode::FORBIDDEN, "Refused"),
            Self::UnknownRoute | Self::UnknownJob { .. } => (StatusCode::NOT_FOUND, "NotFound"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            Self::NoFile | Self::FileExpired => (StatusCode::NOT_FOUND, "NoFile"),
            Self::RangeNotSatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "RangeNotSatisfiable"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "BodyTooLarge"),
            Self::SlowBody => (StatusCode::REQUEST_TIMEOUT, "SlowBody"),
            Self::Reviews(ReviewError::TooManyFailures) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            Self::InvalidQuery { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "InvalidQuery"),
            Self::InvalidContinue { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "InvalidContinue"),
            Self::InvalidLimit { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "InvalidLimit"),
            Self::InvalidNamespace { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "InvalidNamespace"),
            Self::NamespaceNotWatched { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "NamespaceNotWatched"),
            Self::KeyReused { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "KeyReused"),
            Self::MisspeltField { .. } | Self::InvalidBody(_) | Self::InvalidJob(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "InvalidBody")
            }
            Self::Reviews(_)
            | Self::Act(_)
            | Self::Cluster(_)
            | Self::Records(_)
            | Self::Store(_)
            | Self::Undecodable(_)
            | Self::Encode(_) => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let detail =
            if status == StatusCode::SERVICE_UNAVAILABLE { chain(&self).to_string() } else { self.to_string() };
        let mut response = (status, Json(json!({"detail": detail, "code": code}))).into_response();
        let header = match (status, code) {
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, _) => {
                Some((header::RETRY_AFTER, RETRY_AFTER))
            }
            (StatusCode::UNAUTHORIZED, NO_TOKEN) => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"subtitles\"")),
            (StatusCode::UNAUTHORIZED, _) => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"subtitles\", error=\"invalid_token\""))
            }
            _ => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::Value;

    use super::*;

    async fn answer(error: ApiError) -> (StatusCode, Option<String>, Value) {
        let response = error.into_response();
        let header =
            [header::RETRY_AFTER, header::WWW_AUTHENTICATE].iter().find_map(|name| response.headers().get(name));
        let (status, header) = (response.status(), header.and_then(|value| value.to_str().ok()).map(str::to_owned));
        let body = to_bytes(response.into_body(), 10_000).await.expect("a body");
        (status, header, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn every_error_has_a_detail_and_a_code_and_a_server_that_is_away_is_explained_with_its_causes() {
        let audience = "films".to_owned();
        let unauthenticated = ApiError::Unauthenticated { reason: Unauthenticated::WrongAudience, audience };
        let (status, header, body) = answer(unauthenticated).await;
        assert_eq!((status, body["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("OtherAudience")));
        assert!(header.is_some_and(|value| value.contains("invalid_token")));
        assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("--audience films`")), "{body}");

        let cause = redis::RedisError::from(std::io::Error::other("connection refused"));
        let (status, header, body) = answer(RecordError::Call(cause).into()).await;
        assert_eq!((status, header.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some(RETRY_AFTER)));
        let detail = body["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with("failed to ") && detail.contains("connection refused"), "{detail}");
    }
}
