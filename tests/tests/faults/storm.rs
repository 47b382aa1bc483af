//! In front of the API server, as a proxy or flow control would be: everything is passed on, and during a storm what is
//! asked about jobs is answered with 429. Plain HTTP, on loopback only. Does I/O.

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

/// The largest request that is passed on, in bytes.
const LARGEST: usize = 4 << 20;
const REFUSAL: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 429,
    "reason": "TooManyRequests", "message": "the server has received too many requests"}"#;

/// The weather at the API server.
#[derive(Clone, Default)]
pub(crate) struct Storm {
    is_on: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Way {
    storm: Storm,
    server: String,
    http: reqwest::Client,
}

async fn pass(State(way): State<Way>, request: Request) -> Response<Body> {
    let place = request.uri().path_and_query().map_or("/", |place| place.as_str()).to_owned();
    if way.storm.is_on.load(Ordering::Relaxed) && place.contains("/subtitles.dev/") {
        way.storm.refused.fetch_add(1, Ordering::Relaxed);
        let refusal = Response::builder().status(StatusCode::TOO_MANY_REQUESTS).header(header::RETRY_AFTER, "1");
        return refusal.header(header::CONTENT_TYPE, "application/json").body(REFUSAL.into()).expect("an answer");
    }
    answer(&way, request, &place).await.unwrap_or_else(|error| {
        let body = Body::from(format!("the API server cannot be reached: {error:#}"));
        Response::builder().status(StatusCode::BAD_GATEWAY).body(body).expect("an answer")
    })
}

async fn answer(way: &Way, request: Request, place: &str) -> anyhow::Result<Response<Body>> {
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(header::HOST);
    let sent = way.http.request(parts.method, format!("{}{place}", way.server)).headers(parts.headers);
    let received = sent.body(to_bytes(body, LARGEST).await?).send().await?;
    let mut answer = Response::builder().status(received.status());
    for (name, value) in received.headers().iter().filter(|(name, _)| **name != header::TRANSFER_ENCODING) {
        answer = answer.header(name, value);
    }
    Ok(answer.body(Body::from_stream(received.bytes_stream()))?)
}

impl Storm {
    /// Begins to pass on to the API server on `port`; where.
    pub(crate) fn stand_before(&self, port: u16) -> u16 {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build().expect("a client");
        let way = Way { storm: self.clone(), server: format!("https://127.0.0.1:{port}"), http };
        let (own, routes) = (free_port().expect("a port"), Router::new().fallback(pass).with_state(way));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", own)).await.expect("a free port");
                axum::serve(listener, routes).await.expect("serves");
            });
        });
        own
    }

    /// Refuses, or passes everything on again; how many requests have been refused.
    pub(crate) fn is_on(&self, is_on: bool) -> usize {
        self.is_on.store(is_on, Ordering::Relaxed);
        self.refused.load(Ordering::Relaxed)
    }
}
