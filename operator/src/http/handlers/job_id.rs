//! The id in a request's path: only a UUID, as `metadata.uid` is one, reaches Redis. Called by the handlers that read.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use subtitle_contract::text::sanitize;
use uuid::Uuid;

use crate::http::error::ApiError;

/// A job's id in its one canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct JobId(String);

impl JobId {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?.hyphenated().to_string();
        id.eq_ignore_ascii_case(text).then_some(Self(id))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for JobId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let unknown = |id: &str| ApiError::UnknownJob { id: sanitize(id, 64) };
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| unknown(""))?;
        Self::parse(&id).ok_or_else(|| unknown(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_is_an_id() {
        let id = "0c1d2e3f-0000-4000-8000-000000000001";
        assert_eq!(JobId::parse(&id.to_uppercase()), Some(JobId(id.to_owned())));
        for other in [
            "events:0c1d2e3f-0000-4000-8000-000000000001",
            "0c1d2e3f000040008000000000000001",
            "{0c1d2e3f-0000-4000-8000-000000000001}",
            "7",
            "",
        ] {
            assert_eq!(JobId::parse(other), None, "{other}");
        }
    }
}
