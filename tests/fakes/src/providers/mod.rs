//! Fake subtitle providers that follow their documentation and recorded traffic, each a separate process behind a socket: they
//! check headers and URLs, count quota, enforce rate limits and fail on demand. A test binary starts itself again as a
//! provider: it needs the ignored test `provider_process`, which calls `serve_if_asked`. Does I/O.

mod films;
mod gestdown;
mod opensubtitles;
mod podnapisi;
mod subdl;

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Response, StatusCode},
    routing::{get, post},
};
use serde_json::{Value, json};

pub use films::{CLEAN, english, spanish, zipped};
pub use opensubtitles::{KEY, PASSWORD, USERNAME};

/// Names the provider that a process started by `Provider::start` serves.
const PROVIDER_VARIABLE: &str = "SUBTITLES_TEST_PROVIDER";

/// A running provider process: killed when dropped; ends by itself when its test process is gone.
pub struct Provider {
    child: Child,
    /// The base URL.
    pub url: String,
}

impl Provider {
    /// Starts the current executable again as the provider `name`.
    pub fn start(name: &str) -> Self {
        let program = std::env::current_exe().expect("a program");
        let mut child = Command::new(program)
            .args(["provider_process", "--exact", "--ignored", "--nocapture"])
            .env(PROVIDER_VARIABLE, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.split_once("serving ").map(|(_, url)| url.to_owned()));
        // After a minute the test harness prints that the test is slow, and would die of a broken pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.expect("the provider prints its URL") }
    }

    /// Changes its settings: `quota`, `faults` and so on.
    pub async fn set(&self, what: Value) {
        let sent = reqwest::Client::new().post(format!("{}/_set", self.url)).body(what.to_string()).send().await;
        assert!(sent.expect("it answers").status().is_success());
    }

    /// What it has recorded so far: `calls`, `paid`, `violations`, `queries`.
    pub async fn seen(&self) -> Value {
        let answer = reqwest::get(format!("{}/_seen", self.url)).await.expect("it answers");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    /// The number of calls of a kind: `search`, `login`, `download`, `link`.
    pub async fn calls(&self, kind: &str) -> u64 {
        self.seen().await["calls"][kind].as_u64().unwrap_or(0)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The state of a provider.
#[derive(Default)]
struct Memory {
    settings: serde_json::Map<String, Value>,
    faults: VecDeque<Value>,
    /// Kind and time of each call.
    calls: Vec<(String, Instant)>,
    /// Downloads that cost quota, in order.
    paid: Vec<String>,
    /// Calls that break the provider's rules.
    violations: Vec<String>,
    tokens: Vec<(String, Instant)>,
    links: Vec<(String, String, Instant)>,
    /// The query strings of searches.
    queries: Vec<String>,
}

/// The state shared by the handlers of one provider.
#[derive(Clone, Default)]
struct Fake {
    memory: Arc<Mutex<Memory>>,
}

fn answer(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    let response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    response.header("content-type", kind).body(body.into()).expect("a response")
}

fn json_answer(status: u16, body: &Value) -> Response<Body> {
    answer(status, "application/json", body.to_string())
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal");
    text.as_bytes().chunks(2).map(byte).collect()
}

/// The web page that a provider shows instead of a file.
const PAGE: &str = "<!DOCTYPE html><html><body><h1>Please log in to download more</h1></body></html>";

impl Fake {
    fn with<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(&mut self.memory.lock().expect("not poisoned"))
    }

    fn setting(&self, name: &str) -> Value {
        self.with(|memory| memory.settings.get(name).cloned().unwrap_or(Value::Null))
    }

    fn violation(&self, what: impl Into<String>) {
        let what = what.into();
        self.with(|memory| memory.violations.push(what));
    }

    /// Records a call; true if it exceeds the limit of `most` calls a second.
    fn is_over(&self, kind: &str, most: usize) -> bool {
        let is_over = self.with(|memory| {
            let now = Instant::now();
            let api = |(other, time): &&(String, Instant)| {
                other != "link" && now.duration_since(*time) < Duration::from_secs(1)
            };
            let recent =
                memory.calls.iter().rev().take_while(|(_, time)| now.duration_since(*time) < Duration::from_secs(2));
            let is_over = recent.filter(|call| api(call)).count() >= most;
            memory.calls.push((kind.to_owned(), now));
            is_over
        });
        if is_over {
            self.violation(format!("more than {most} calls in a second"));
        }
        is_over
    }

    /// The response of the next queued fault for this kind of call.
    async fn fault(&self, kind: &str) -> Option<Response<Body>> {
        let fault = self.with(|memory| {
            let at = memory.faults.iter().position(|fault| fault["on"] == kind)?;
            let mut fault = memory.faults[at].clone();
            let left = fault["times"].as_u64().unwrap_or(1);
            if left > 1 {
                fault["times"] = json!(left - 1);
                memory.faults[at] = fault.clone();
            } else {
                memory.faults.remove(at);
            }
            Some(fault)
        })?;
        if let Some(milliseconds) = fault["slow"].as_u64() {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        if fault["status"].is_null() {
            return None;
        }
        let status = u16::try_from(fault["status"].as_u64().unwrap_or(500)).expect("a status");
        let body = match fault["body"].as_str() {
            Some("page") => PAGE.to_owned(),
            Some("huge") => "a".repeat(11 << 20),
            Some(body) => body.to_owned(),
            None if fault["hex"].is_string() => String::new(),
            None if fault["body"].is_null() => String::new(),
            None => fault["body"].to_string(),
        };
        let kind = if body.starts_with('<') { "text/html; charset=utf-8" } else { "application/json" };
        let mut response = match fault["hex"].as_str() {
            Some(hex) => answer(status, "application/octet-stream", unhex(hex)),
            None => answer(status, kind, body.clone()),
        };
        if fault["truncated"] == true {
            // The body ends before its declared length.
            let half = Bytes::from(body.into_bytes()[..10].to_vec());
            let cut = futures::stream::iter([Ok::<_, std::io::Error>(half), Err(std::io::Error::other("cut off"))]);
            response = answer(status, kind, Body::from_stream(cut));
        }
        for (name, value) in fault["headers"].as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let name = axum::http::HeaderName::try_from(name).expect("a name");
            response.headers_mut().insert(name, value.parse().expect("a value"));
        }
        Some(response)
    }

    /// Spends one download of the quota; false if the quota is used up.
    fn spend(&self, file: &str) -> bool {
        let quota = self.setting("quota").as_u64().unwrap_or(1000);
        self.with(|memory| {
            let has = (memory.paid.len() as u64) < quota;
            if has {
                memory.paid.push(file.to_owned());
            }
            has
        })
    }

    fn remaining(&self) -> u64 {
        let quota = self.setting("quota").as_u64().unwrap_or(1000);
        quota - self.with(|memory| memory.paid.len() as u64)
    }

    fn control(&self) -> Router {
        let (set, seen) = (self.clone(), self.clone());
        let set = async move |body: String| {
            let Ok(Value::Object(mut what)) = serde_json::from_str(&body) else { panic!("an object: {body}") };
            set.with(|memory| {
                if let Some(Value::Array(faults)) = what.remove("faults") {
                    memory.faults.extend(faults);
                }
                if what.remove("forget_tokens").is_some() {
                    memory.tokens.clear();
                }
                if what.remove("forget_links").is_some() {
                    memory.links.clear();
                }
                memory.settings.extend(what);
            });
        };
        let seen = async move || {
            let seen = seen.with(|memory| {
                let mut calls = serde_json::Map::new();
                for (kind, _) in &memory.calls {
                    let count = calls.entry(kind.clone()).or_insert(json!(0));
                    *count = json!(count.as_u64().unwrap_or(0) + 1);
                }
                json!({"calls": calls, "paid": memory.paid, "violations": memory.violations, "queries": memory.queries})
            });
            seen.to_string()
        };
        Router::new().route("/_set", post(set)).route("/_seen", get(seen))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Serves routes on a free port; returns the base URL.
async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

/// Serves the provider named in the environment until the parent process is gone; returns at once if none is named.
pub fn serve_if_asked() {
    let Ok(name) = std::env::var(PROVIDER_VARIABLE) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(async {
        let fake = Fake::default();
        match name.as_str() {
            "opensubtitles" => opensubtitles::start(fake).await,
            "podnapisi" => serve(podnapisi::routes(&fake).merge(fake.control())).await,
            "gestdown" => serve(gestdown::routes(&fake).merge(fake.control())).await,
            "subdl" => serve(subdl::routes(&fake).merge(fake.control())).await,
            other => panic!("no such provider: {other}"),
        }
    });
    println!("serving {url}");
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    // Skips the summary of the test harness, which nobody reads.
    std::process::exit(0);
}
