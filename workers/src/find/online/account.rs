//! One account at one provider, and how it is called: a request goes out when it is its turn, an answer or the trouble
//! comes back. Does I/O.
//!
//! Retried are answers that say "later" (429, 5xx) and broken connections, but never what counts against a quota: when
//! its answer is lost, whether it was paid for is unknown.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{HeaderMap, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use serde::de::DeserializeOwned;
use subtitle_contract::text;
use url::Url;

use super::turns::{
    NoTurn, Turns,
    pace::{Call, Denied, Notice, PATIENCE, Wish},
};
use crate::find::{
    SourceError, Trouble,
    guard::{GuardedClient, cause},
};

/// Calls of one request.
const TRIES: u32 = 3;
/// How often a provider may send one request elsewhere; each time is a call.
const MOST_REDIRECTS: u32 = 3;
/// The first pause after a 5xx, doubled each time.
const PAUSE: Duration = Duration::from_millis(500);
/// A 429 that names no time.
const UNNAMED_REST: SignedDuration = SignedDuration::from_mins(1);
/// A used-up quota whose renewal nobody names.
pub(super) const UNNAMED_RENEWAL: SignedDuration = SignedDuration::from_hours(1);
/// The largest answer that is read, in bytes: no subtitle and no page of results is larger.
const LARGEST: usize = 10 << 20;
/// A provider's words in a message.
const LONGEST_WORDS: usize = 200;

/// A provider, as this system is known there.
#[derive(Clone)]
pub struct Account {
    pub(super) source: &'static str,
    pub(super) base: Url,
    pub(super) http: reqwest::Client,
    pub(super) links: GuardedClient,
    pub(super) turns: Turns,
}

/// What a provider answered, whatever its status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Whether a text is a web page.
pub(super) fn is_page(body: &[u8]) -> bool {
    let start: Vec<u8> = body.iter().copied().skip_while(u8::is_ascii_whitespace).take(14).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

impl Answer {
    /// The provider's own words, safe to print.
    pub(super) fn words(&self) -> String {
        let said: Option<String> = serde_json::from_slice::<serde_json::Value>(&self.body).ok().and_then(|json| {
            let field = ["message", "error", "errors"].iter().find_map(|name| json.get(name))?;
            Some(field.as_str().map_or_else(|| field.to_string(), str::to_owned))
        });
        let words = match said {
            Some(said) => said,
            None if is_page(&self.body) => "a web page".to_owned(),
            None => String::from_utf8_lossy(&self.body).into_owned(),
        };
        let words = text::clean(&words, LONGEST_WORDS);
        let words = if words.is_empty() { "nothing" } else { &words };
        format!("{}: {words}", self.status.as_u16())
    }

    /// Where the request is sent instead.
    fn location(&self, from: &Url) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        from.join(location).ok().filter(|_| self.status.is_redirection())
    }

    /// The seconds that one of these headers names.
    fn seconds(&self, names: &[&str]) -> Option<SignedDuration> {
        let seconds = names.iter().find_map(|name| self.headers.get(*name)?.to_str().ok()?.trim().parse().ok());
        seconds.map(SignedDuration::from_secs)
    }
}

/// A client for providers: redirects are answers, because each is a call of its own.
pub fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .redirect(Policy::none())
        .build()
}

impl Account {
    /// An account at `base`. `links` fetches what the provider links to, which it may not choose freely.
    pub fn new(source: &'static str, base: Url, http: reqwest::Client, links: GuardedClient, turns: Turns) -> Self {
        Self { source, base, http, links, turns }
    }

    pub(super) fn error(&self, trouble: Trouble, message: impl Into<String>) -> SourceError {
        SourceError::new(self.source, trouble, message)
    }

    /// The host that is talked to, for messages.
    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// A path under the base.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        url
    }

    async fn turn(&self, wish: Wish) -> Result<(), SourceError> {
        self.turns.take(wish).await.map_err(|no| match no {
            NoTurn::Denied(Denied::Resting(until)) => {
                self.error(Trouble::Quota(Some(until)), format!("{} asks for no call before {until:.0}", self.host()))
            }
            NoTurn::Denied(Denied::Spent(until)) => self.error(
                Trouble::Quota(Some(until)),
                format!("the quota at {} is used up until {until:.0}", self.host()),
            ),
            NoTurn::Denied(Denied::Refused) => self.error(
                Trouble::Forbidden,
                format!(
                    "{} refused this system's credentials; correct them in their Secret, they are read again",
                    self.host()
                ),
            ),
            NoTurn::Unanswered(why) => self.error(Trouble::Unavailable, why),
        })
    }

    /// Calls until there is an answer that another call would not change; `is_final` knows those that look worth
    /// another call and are not.
    pub(super) async fn call(
        &self,
        wish: Wish,
        is_final: fn(&Answer) -> bool,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, SourceError> {
        let is_paid = wish.call == Call::Pay;
        let mut trouble = None;
        for at in 0..TRIES {
            if at > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(at - 1)).await;
            }
            self.turn(wish).await?;
            let sent = match request().send().await {
                Ok(response) => self.read(response).await,
                Err(error) => Err(self.unreachable(&error)),
            };
            let answer = match sent {
                Ok(answer) if is_final(&answer) => return Ok(answer),
                Ok(answer) => answer,
                Err(error) if is_paid => return Err(error),
                Err(error) => {
                    trouble = Some(error);
                    continue;
                }
            };
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                let named = answer.seconds(&[RETRY_AFTER.as_str(), "ratelimit-reset", "x-ratelimit-reset"]);
                let rest = named.unwrap_or(UNNAMED_REST);
                let until = Timestamp::now().saturating_add(rest).unwrap_or(Timestamp::MAX);
                self.turns.note(Notice::Rest(until)).await;
                let message = format!("{} asks for no call before {until:.0} ({})", self.host(), answer.words());
                let error = self.error(Trouble::Quota(Some(until)), message);
                if rest > PATIENCE {
                    return Err(error);
                }
                trouble = Some(error);
            } else if answer.status.is_server_error() {
                let error = self.error(Trouble::Unavailable, format!("{} answered {}", self.host(), answer.words()));
                if is_paid {
                    return Err(error);
                }
                trouble = Some(error);
            } else {
                return Ok(answer);
            }
        }
        Err(trouble.unwrap_or_else(|| self.error(Trouble::Unavailable, "it was not called")))
    }

    /// Asks at an address, and at the one that its answer names instead; what is asked with, such as a key, goes to no
    /// other host.
    pub(super) async fn ask(
        &self,
        wish: Wish,
        is_final: fn(&Answer) -> bool,
        url: Url,
        headed: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, SourceError> {
        let (url, answer) = self.followed(wish, is_final, url, headed).await?;
        let Some(elsewhere) = answer.location(&url) else { return Ok(answer) };
        let to = elsewhere.host_str().unwrap_or_default();
        let message = format!("{} sends its callers to '{to}', where this system's calls do not go", self.host());
        Err(self.error(Trouble::Unavailable, message))
    }

    /// The last answer of the host of `url`, and where it was given; each place it names is a call of its own.
    pub(super) async fn followed(
        &self,
        wish: Wish,
        is_final: fn(&Answer) -> bool,
        mut url: Url,
        headed: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(Url, Answer), SourceError> {
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.call(wish, is_final, || headed(self.http.get(url.clone()))).await?;
            match answer.location(&url) {
                Some(next) if next.origin() == url.origin() => url = next,
                _ => return Ok((url, answer)),
            }
        }
        Err(self.error(Trouble::Unavailable, format!("{} sends its callers in circles", self.host())))
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, SourceError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST {
                let message = format!("{} sent more than {LARGEST} bytes, which no subtitle has", self.host());
                return Err(self.error(Trouble::File, message));
            }
        }
        Ok(Answer { status, headers, body })
    }

    /// The cause and not the URL, which may hold a key.
    fn unreachable(&self, error: &reqwest::Error) -> SourceError {
        self.error(Trouble::Unavailable, format!("{} did not answer: {}", self.host(), cause(error)))
    }

    /// What an answer with status 200 holds.
    pub(super) fn json<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, SourceError> {
        if !answer.status.is_success() {
            return Err(self.unexpected(answer));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            let what = if is_page(&answer.body) { "a web page".to_owned() } else { format!("no such JSON: {error}") };
            self.error(Trouble::Unavailable, format!("{} sent {what} where results were expected", self.host()))
        })
    }

    /// An answer that nobody foresaw.
    pub(super) fn unexpected(&self, answer: &Answer) -> SourceError {
        let trouble = match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Trouble::Forbidden,
            _ => Trouble::Unavailable,
        };
        self.error(trouble, format!("{} answered {}", self.host(), answer.words()))
    }

    /// The file behind a link that the provider gave, on whatever host: no key goes there, and it costs nothing.
    /// None where it is gone.
    pub(super) async fn linked(&self, link: &Url) -> Result<Option<Vec<u8>>, SourceError> {
        let mut trouble = None;
        for at in 0..TRIES {
            if at > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(at - 1)).await;
            }
            let request = self.links.get(link).map_err(|refused| {
                self.error(Trouble::File, format!("{} links to a place that is not fetched: {refused}", self.host()))
            })?;
            let read = match request.send().await {
                Ok(response) => self.read(response).await,
                Err(error) => Err(self.unreachable(&error)),
            };
            match read {
                Ok(answer) if matches!(answer.status, StatusCode::GONE | StatusCode::NOT_FOUND) => return Ok(None),
                Ok(answer) if answer.status.is_success() => return self.file(answer).map(Some),
                Ok(answer) if answer.status.is_server_error() => trouble = Some(self.unexpected(&answer)),
                Ok(answer) => {
                    return Err(self.error(Trouble::File, format!("the file's link answered {}", answer.words())));
                }
                Err(error) if error.trouble == Trouble::File => return Err(error),
                Err(error) => trouble = Some(error),
            }
        }
        Err(trouble.unwrap_or_else(|| self.error(Trouble::Unavailable, "it was not called")))
    }

    /// The file that `url` answered with, or the one at the place elsewhere that it named instead.
    pub(super) async fn file_at(&self, url: &Url, answer: Answer) -> Result<Vec<u8>, SourceError> {
        let gone = || self.error(Trouble::File, "the file is gone");
        match (answer.status, answer.location(url)) {
            (StatusCode::OK, _) => self.file(answer),
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Err(gone()),
            (_, Some(link)) => self.linked(&link).await?.ok_or_else(gone),
            _ => Err(self.unexpected(&answer)),
        }
    }

    /// A file's bytes, unless they are a web page in its place.
    fn file(&self, answer: Answer) -> Result<Vec<u8>, SourceError> {
        if is_page(&answer.body) || answer.body.is_empty() {
            let what = if answer.body.is_empty() { "nothing" } else { "a web page" };
            return Err(self.error(Trouble::File, format!("{} sent {what} in the subtitle's place", self.host())));
        }
        Ok(answer.body)
    }
}
