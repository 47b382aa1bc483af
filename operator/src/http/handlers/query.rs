//! The query of a request; one that cannot be read, as with a parameter that is given twice, is refused as JSON like everything
//! else. Called by the handlers.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use subtitle_contract::text::sanitize;

use crate::http::error::ApiError;

/// The parameters.
pub(in crate::http) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let invalid = |text: String| ApiError::InvalidQuery { detail: sanitize(&text, 200) };
        let Query(parameters) =
            Query::from_request_parts(parts, state).await.map_err(|error| invalid(error.body_text()))?;
        Ok(Self(parameters))
    }
}
