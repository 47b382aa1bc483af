//! One server and how it is called: again after a pause where its documents say that this helps. A request goes out,
//! a reply or the fault comes back.
//!
//! Pauses are those of DeepL's own clients: 1 s, 1.6 times longer each time. 429, 529 and 5xx are worth another call;
//! a `Retry-After` is followed, and one longer than a minute is a cooldown. Does I/O.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{RequestBuilder, header::RETRY_AFTER};
use serde::Serialize;
use subtitle_telemetry::chain;

use super::{
    port::{Cooldown, EngineFault},
    response,
};
use crate::secret::Secret;

/// What a person can do about a key that is refused.
pub(super) const REFUSED_KEY: &str = "it refuses the key: check the file that holds it";
/// The first pause before a server is called again.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Calls after the first.
const RETRIES: u32 = 4;
/// No task waits longer for the next call.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Bytes of an answer: many times what the largest batch is.
const MAX_ANSWER_BYTES: usize = 8 << 20;
/// Characters of a server's answer in a message.
const MAX_EXCERPT: usize = 200;

/// Where an engine is, and its key.
#[derive(Clone)]
pub struct Server {
    /// Without a trailing slash.
    base: String,
    http: reqwest::Client,
    key: Option<Secret>,
    pause: Duration,
}

/// A server's answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Server {
    /// A server at `base`; the first pause is a second outside of tests.
    pub fn new(http: reqwest::Client, base: &str, key: Option<Secret>, pause: Duration) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), http, key, pause }
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(Secret::reveal)
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    pub(super) fn post(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        let json = serde_json::to_vec(body).unwrap_or_default();
        self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json").body(json)
    }

    pub(super) fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form_type = "application/x-www-form-urlencoded";
        self.http.post(format!("{}{path}", self.base)).header("content-type", form_type).body(form)
    }

    /// Sends until there is a reply that another call would not change; `is_final` knows replies that look worth
    /// another call and are not.
    pub(super) async fn send(
        &self,
        request: impl Fn() -> RequestBuilder,
        is_final: fn(&Reply) -> bool,
    ) -> Result<Reply, EngineFault> {
        let mut pause = self.pause;
        for call in 0.. {
            let (fault, asked_pause) = match request().send().await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                    match response::limited(response, MAX_ANSWER_BYTES).await {
                        Ok(None) => {
                            return Err(EngineFault::Unavailable(format!(
                                "it sent more than {MAX_ANSWER_BYTES} bytes"
                            )));
                        }
                        Ok(Some(bytes)) => {
                            let reply = Reply { status, body: String::from_utf8_lossy(&bytes).into_owned() };
                            let is_worth_another = status == 429 || status >= 500;
                            if !is_worth_another || is_final(&reply) {
                                return Ok(reply);
                            }
                            (self.unexpected(&reply), after.map(Duration::from_secs))
                        }
                        Err(error) => (unreachable(error), None),
                    }
                }
                Err(error) => (unreachable(error), None),
            };
            let wait = asked_pause.unwrap_or(pause);
            if wait > MAX_PAUSE || call >= RETRIES {
                return Err(match (asked_pause, fault) {
                    (Some(asked), fault) => {
                        let why = chain(&fault).to_string();
                        EngineFault::CoolingDown(Cooldown { until: from_now(asked), why })
                    }
                    (None, fault) => fault,
                });
            }
            tokio::time::sleep(wait).await;
            pause = pause.mul_f64(1.6);
        }
        Err(EngineFault::Unavailable("it was not called".to_owned()))
    }

    /// An answer that is not understood, quoted for a person without our key.
    pub(super) fn unexpected(&self, reply: &Reply) -> EngineFault {
        EngineFault::Unavailable(self.excerpt(reply))
    }

    pub(super) fn excerpt(&self, reply: &Reply) -> String {
        let hidden = self.key.as_ref().map_or_else(|| reply.body.clone(), |key| key.hidden(&reply.body));
        let words = subtitle_contract::text::sanitize(&hidden, MAX_EXCERPT);
        format!("it answered {}: {}", reply.status, if words.is_empty() { "nothing" } else { &words })
    }
}

pub(super) fn from_now(wait: Duration) -> Timestamp {
    let now = Timestamp::now();
    SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(now)
}

/// The fault without the address, which may hold a password.
fn unreachable(error: reqwest::Error) -> EngineFault {
    EngineFault::ReachServer(error.without_url())
}
