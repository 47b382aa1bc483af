//! A proxy in front of the API server, as flow control would be: it forwards everything, and while it throttles it answers
//! requests for jobs with 429. Plain HTTP, on loopback only. Does I/O.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode, header},
};
use subtitle_tests::process::free_port;

/// Maximum size of a forwarded request, in bytes.
const MAX_BYTES: usize = 4 << 20;
const REFUSAL: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 429,
    "reason": "TooManyRequests", "message": "the server has received too many requests"}"#;

/// The switch of the proxy, and the number of rejected requests.
#[derive(Clone, Default)]
pub(crate) struct Throttle {
    is_on: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Route {
    throttle: Throttle,
    server: String,
    http: reqwest::Client,
}

async fn forward(State(route): State<Route>, request: Request) -> Response<Body> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if route.throttle.is_on.load(Ordering::Relaxed) && path.contains("/subtitles.dev/") {
        route.throttle.refused.fetch_add(1, Ordering::Relaxed);
        let refusal = Response::builder().status(StatusCode::TOO_MANY_REQUESTS).header(header::RETRY_AFTER, "1");
        return refusal.header(header::CONTENT_TYPE, "application/json").body(REFUSAL.into()).expect("an answer");
    }
    answer(&route, request, &path).await.unwrap_or_else(|error| {
        let body = Body::from(format!("the API server cannot be reached: {error:#}"));
        Response::builder().status(StatusCode::BAD_GATEWAY).body(body).expect("an answer")
    })
}

async fn answer(route: &Route, request: Request, path: &str) -> anyhow::Result<Response<Body>> {
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(header::HOST);
    let sent = route.http.request(parts.method, format!("{}{path}", route.server)).headers(parts.headers);
    let received = sent.body(to_bytes(body, MAX_BYTES).await?).send().await?;
    let mut answer = Response::builder().status(received.status());
    for (name, value) in received.headers().iter().filter(|(name, _)| **name != header::TRANSFER_ENCODING) {
        answer = answer.header(name, value);
    }
    Ok(answer.body(Body::from_stream(received.bytes_stream()))?)
}

impl Throttle {
    /// Starts a proxy to the API server on `port`; returns its own port.
    pub(crate) fn proxy(&self, port: u16) -> u16 {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build().expect("a client");
        let route = Route { throttle: self.clone(), server: format!("https://127.0.0.1:{port}"), http };
        let (own, routes) = (free_port().expect("a port"), Router::new().fallback(forward).with_state(route));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", own)).await.expect("a free port");
                axum::serve(listener, routes).await.expect("serves");
            });
        });
        own
    }

    /// Starts or stops throttling; returns the number of requests rejected so far.
    pub(crate) fn set(&self, is_on: bool) -> usize {
        self.is_on.store(is_on, Ordering::Relaxed);
        self.refused.load(Ordering::Relaxed)
    }
}
