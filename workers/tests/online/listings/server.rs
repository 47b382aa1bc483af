//! The four providers on one socket, each of which answers every search with the rows of the case at hand. Does I/O.

use std::{
    future::IntoFuture as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Json, Router, routing::get};
use serde_json::Value;
use subtitle_workers::find::{
    FoundSubtitle,
    providers::rate_limit::{Limits, RateLimiter},
};
use tokio::net::TcpListener;

use crate::bench::{Bench, Secrets};

/// In the order in which they are asked.
const NAMES: [&str; 4] = ["opensubtitles", "subdl", "podnapisi", "gestdown"];

pub(super) struct Providers {
    bench: Bench,
    answers: Arc<Mutex<Value>>,
}

impl Providers {
    pub(super) async fn start() -> Self {
        let answers = Arc::new(Mutex::new(Value::Null));
        let mut urls = Vec::new();
        // Two of them have the same path, so that each has an address of its own.
        for (name, routes) in [
            ("opensubtitles", vec![("/api/v1/subtitles", "opensubtitles")]),
            ("subdl", vec![("/api/v1/subtitles", "subdl")]),
            ("podnapisi", vec![("/subtitles/search/advanced", "podnapisi")]),
            (
                "gestdown",
                vec![
                    ("/shows/search/{name}", "shows"),
                    ("/subtitles/get/{show}/{season}/{episode}/{language}", "gestdown"),
                ],
            ),
        ] {
            let mut router = Router::new();
            for (path, kind) in routes {
                let answers = answers.clone();
                let answer = async move || Json(answers.lock().unwrap_or_else(PoisonError::into_inner)[kind].clone());
                router = router.route(path, get(answer));
            }
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            urls.push((name, format!("http://{}", listener.local_addr().expect("an address"))));
            tokio::spawn(axum::serve(listener, router).into_future());
        }
        let secrets = Secrets::new();
        let urls: Vec<(&str, &str)> = urls.iter().map(|(name, url)| (*name, url.as_str())).collect();
        let arguments = secrets.arguments_for(&urls);
        let store = subtitle_workers::store::Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let unlimited = |_, _| RateLimiter::local(Limits { interval: Duration::ZERO, logins: &[] });
        Self { bench: Bench::with(secrets, &arguments, store, &unlimited), answers }
    }

    /// What they list, each with its rank.
    pub(super) async fn list(&self, answers: &Value, video: &Value) -> Vec<(usize, FoundSubtitle)> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone_from(answers);
        let mut found = Vec::new();
        for (rank, name) in NAMES.into_iter().enumerate() {
            let listed = self.bench.list(name, video.clone(), &["es"]).await.expect("an answer");
            found.extend(listed.into_iter().map(|one| (rank, one)));
        }
        found
    }
}
