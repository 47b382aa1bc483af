//! Authenticates each request before its handler runs, and authorizes what the handler is about to do. The rules are in
//! `decide::access`, the API server's reviews in `act::reviews`. Does I/O.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::Response,
};

use super::{error::ApiError, listener::Source};
use crate::{
    act::reviews::Reviews,
    decide::access::{AccessRequest, Unauthenticated, UserInfo, bearer_token},
};

/// Who may use the API.
pub(super) enum Auth {
    /// Everybody; only for a listener that nobody else reaches.
    Open,
    /// Users whom the API server authenticates and authorizes.
    Kubernetes {
        reviews: Box<Reviews>,
        /// Named in the advice of a 401.
        audience: String,
    },
}

/// The user of a request; `None` with [`Auth::Open`].
#[derive(Clone)]
pub(super) struct Caller(Option<Arc<UserInfo>>);

/// Middleware: adds the [`Caller`] to the request's extensions, or answers 401.
pub(super) async fn authenticate(
    State(auth): State<Arc<Auth>>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let caller = match auth.as_ref() {
        Auth::Open => Caller(None),
        Auth::Kubernetes { reviews, audience } => {
            let refused = |reason: Unauthenticated| ApiError::Unauthenticated { reason, audience: audience.clone() };
            let header = request.headers().get(header::AUTHORIZATION);
            let header = header.map(|header| header.to_str().unwrap_or_default());
            let token = bearer_token(header).map_err(refused)?;
            let source = request.extensions().get().map(|Source(address)| *address);
            Caller(Some(Arc::new(reviews.authenticate(token, source).await?.map_err(refused)?)))
        }
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

impl Auth {
    /// Fails with 403 if the caller may not do it.
    pub(super) async fn authorize(
        &self,
        caller: &Caller,
        verb: &'static str,
        namespace: &str,
        name: Option<&str>,
    ) -> Result<(), ApiError> {
        let (Self::Kubernetes { reviews, .. }, Some(user)) = (self, &caller.0) else { return Ok(()) };
        let (namespace, name) = (namespace.to_owned(), name.map(str::to_owned));
        let request = AccessRequest { user: user.as_ref().clone(), verb, namespace: namespace.clone(), name };
        if reviews.authorize(request).await? {
            return Ok(());
        }
        Err(ApiError::Forbidden { user: user.name.clone(), verb, namespace })
    }
}
