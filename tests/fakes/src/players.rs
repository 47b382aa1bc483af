//! Fake media players and a receiver of webhooks, over real sockets. They answer as the documentation of Jellyfin, Emby and Plex has it,
//! check keys and headers, record what they were told, and fail on demand. Does I/O.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

/// The fields of a query.
type Fields = Query<Vec<(String, String)>>;

/// The key that every fake accepts.
pub const KEY: &str = "the-players-key";

/// A player that runs until its test's Tokio runtime is dropped.
#[derive(Clone, Default)]
pub struct Player {
    /// The base URL.
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// What the player was told to look at.
    refreshed: Vec<String>,
    /// Headers and body of each accepted webhook.
    webhooks: Vec<(HeaderMap, String)>,
    requests: usize,
    faults: VecDeque<u16>,
}

impl Player {
    /// Starts a player that answers as all kinds do.
    pub async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let player = Self { url, ..Self::default() };
        let routes = Router::new()
            .route(
                "/jellyfin/Library/Media/Updated",
                post(async |State(player): State<Self>, headers: HeaderMap, body: String| {
                    let key = format!("MediaBrowser Token=\"{KEY}\"");
                    updated(&player, is(&headers, "authorization", &key), &headers, &body)
                }),
            )
            .route(
                "/emby/Library/Media/Updated",
                post(async |State(player): State<Self>, headers: HeaderMap, body: String| {
                    updated(&player, is(&headers, "x-emby-token", KEY), &headers, &body)
                }),
            )
            .route(
                "/plex/library/sections",
                get(async |State(player): State<Self>, headers: HeaderMap| sections(&player, &headers)),
            )
            .route(
                "/plex/library/sections/{key}/refresh",
                get(async |State(player): State<Self>, Path(key): Path<String>, query: Fields, headers: HeaderMap| {
                    refresh(&player, &key, query, &headers)
                }),
            )
            .route(
                "/webhook",
                post(async |State(player): State<Self>, headers: HeaderMap, body: String| {
                    webhook(&player, headers, body)
                }),
            )
            .with_state(player.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        player
    }

    /// The statuses of the next answers.
    pub fn queue_faults(&self, statuses: impl IntoIterator<Item = u16>) {
        self.with_lock(|inner| inner.faults.extend(statuses));
    }

    /// What the player was told to look at, in order.
    pub fn refreshed(&self) -> Vec<String> {
        self.with_lock(|inner| inner.refreshed.clone())
    }

    /// Headers and body of each accepted webhook.
    pub fn webhooks(&self) -> Vec<(HeaderMap, String)> {
        self.with_lock(|inner| inner.webhooks.clone())
    }

    /// All requests, also those that failed.
    pub fn requests(&self) -> usize {
        self.with_lock(|inner| inner.requests)
    }

    fn with_lock<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().expect("not poisoned"))
    }

    /// Counts a request; the answer, if it is a fault or the key is wrong.
    fn refuses(&self, is_authorized: bool) -> Option<Response> {
        let fault = self.with_lock(|inner| {
            inner.requests += 1;
            inner.faults.pop_front()
        });
        let fault = fault.map(|status| StatusCode::from_u16(status).expect("a status"));
        let status = fault.or((!is_authorized).then_some(StatusCode::UNAUTHORIZED))?;
        Some((status, [(LOCATION, "/webhook")]).into_response())
    }
}

fn is(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).is_some_and(|header| header.as_bytes() == value.as_bytes())
}

/// Both answer 204 to a list of updates, and 400 to anything else.
fn updated(player: &Player, is_authorized: bool, headers: &HeaderMap, body: &str) -> Response {
    if let Some(refusal) = player.refuses(is_authorized) {
        return refusal;
    }
    if !is(headers, "content-type", "application/json") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let update = |update: &Value| {
        let is_known = ["Created", "Modified", "Deleted"].contains(&update["UpdateType"].as_str()?);
        is_known.then(|| update["Path"].as_str().map(str::to_owned))?
    };
    let paths: Option<Vec<String>> =
        body["Updates"].as_array().and_then(|updates| updates.iter().map(update).collect());
    match paths {
        Some(paths) => {
            player.with_lock(|inner| inner.refreshed.extend(paths));
            StatusCode::NO_CONTENT.into_response()
        }
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn sections(player: &Player, headers: &HeaderMap) -> Response {
    if let Some(refusal) = player.refuses(is(headers, "x-plex-token", KEY)) {
        return refusal;
    }
    if !is(headers, "accept", "application/json") {
        return "<MediaContainer size=\"0\"></MediaContainer>".into_response();
    }
    let section = |key: &str, path: &str| json!({"key": key, "type": "movie", "title": key, "Location": [{"id": 1, "path": path}]});
    let directories = [section("1", "/media"), section("2", "/media/films"), section("3", "/media/films2")];
    json!({"MediaContainer": {"size": 3, "Directory": directories}}).to_string().into_response()
}

fn refresh(player: &Player, key: &str, Query(query): Fields, headers: &HeaderMap) -> Response {
    if let Some(refusal) = player.refuses(is(headers, "x-plex-token", KEY)) {
        return refusal;
    }
    let path = query.into_iter().find(|(name, _)| name == "path").map(|(_, path)| path);
    player.with_lock(|inner| inner.refreshed.push(format!("{key}: {}", path.unwrap_or_default())));
    StatusCode::OK.into_response()
}

fn webhook(player: &Player, headers: HeaderMap, body: String) -> Response {
    if let Some(refusal) = player.refuses(true) {
        return refusal;
    }
    player.with_lock(|inner| inner.webhooks.push((headers, body)));
    StatusCode::ACCEPTED.into_response()
}
