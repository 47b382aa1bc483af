//! The authenticated routes as values: path, method and handler. The router and the OpenAPI document are built from them.

use axum::{
    Router, middleware,
    routing::{MethodRouter, get, post},
};

use super::{
    auth,
    error::ApiError,
    handlers::{create, file, read},
    state::HttpState,
};

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Create,
    Status,
    Record,
    File,
    Events,
}

impl Route {
    pub(super) const ALL: [Self; 5] = [Self::Create, Self::Status, Self::Record, Self::File, Self::Events];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Create => "/subtitles/download",
            Self::Status => "/subtitles/status/{id}",
            Self::Record => "/subtitles/{id}",
            Self::File => "/subtitles/{id}/file",
            Self::Events => "/subtitles/{id}/events",
        }
    }

    /// In lower case, as in OpenAPI.
    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Create => "post",
            _ => "get",
        }
    }

    fn handler(self) -> MethodRouter<HttpState> {
        match self {
            Self::Create => post(create::create),
            Self::Status => get(read::status),
            Self::Record => get(read::record),
            Self::File => get(file::file),
            Self::Events => get(read::events),
        }
    }
}

/// The routes over `state`; everything else is a 404.
pub(super) fn router(state: HttpState) -> Router {
    let add = |router: Router<HttpState>, route: Route| router.route(route.path(), route.handler());
    Route::ALL
        .into_iter()
        .fold(Router::new(), add)
        .route_layer(middleware::from_fn_with_state(state.auth.clone(), auth::authenticate))
        .fallback(|| async { ApiError::UnknownRoute })
        .with_state(state)
}
