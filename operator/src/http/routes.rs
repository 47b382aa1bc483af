//! The authenticated routes as values: path, method and handler. The router and the OpenAPI document are built from them.

use std::time::Instant;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};

use tower_http::cors::CorsLayer;

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

/// `OPTIONS` has no body: the router adds `Allow`.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        ApiError::MethodNotAllowed.into_response()
    }
}

/// Counts the request under its route's pattern, so that ids are no labels.
async fn measure(State(state): State<HttpState>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    state.executor.metrics().answered(route, response.status().as_u16(), started.elapsed());
    response
}

/// Lets pages of these origins call the API: they send a token in a header, never a cookie.
pub(super) fn with_cors(router: Router, origins: Vec<HeaderValue>) -> Router {
    if origins.is_empty() {
        return router;
    }
    let headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::RANGE,
        header::IF_RANGE,
        header::IF_NONE_MATCH,
        HeaderName::from_static(create::KEY_HEADER),
        HeaderName::from_static(create::NAMESPACE_HEADER),
    ];
    let cors = CorsLayer::new().allow_methods([Method::GET, Method::POST]).allow_headers(headers);
    router.layer(cors.allow_origin(origins).expose_headers([
        header::LOCATION,
        header::RETRY_AFTER,
        header::ETAG,
        header::CONTENT_RANGE,
    ]))
}

/// The routes over `state`; everything else is a 404.
pub(super) fn router(state: HttpState) -> Router {
    let add = |router: Router<HttpState>, route: Route| router.route(route.path(), route.handler());
    Route::ALL
        .into_iter()
        .fold(Router::new(), add)
        .route_layer(middleware::from_fn_with_state(state.auth.clone(), auth::authenticate))
        .method_not_allowed_fallback(other_method)
        .fallback(|| async { ApiError::UnknownRoute })
        .layer(middleware::from_fn_with_state(state.clone(), measure))
        .with_state(state)
}
