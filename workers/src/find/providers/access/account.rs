//! One account at one provider, and how it is called: a request goes out once it has a permit, an answer or an error comes
//! back.
//!
//! Answers that mean "later" (429, 5xx) and broken connections are retried, but never a call that counts against a quota:
//! when its answer is lost, whether it was counted is unknown. Does I/O.

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

use super::super::rate_limit::{Call, Denied, MAX_WAIT, Notice, PATIENCE, PermitError, PermitRequest, RateLimiter};
use crate::find::{
    SourceError, SourceErrorKind,
    guard::{GuardedClient, cause},
    source::SourceId,
};

/// The most calls for one request.
const TRIES: u32 = 3;
/// The most redirects of one request; each is a call.
const MOST_REDIRECTS: u32 = 3;
/// The first pause after a 5xx, doubled each time.
const PAUSE: Duration = Duration::from_millis(500);
/// The cooldown after a 429 that names no time.
const UNNAMED_COOLDOWN: SignedDuration = SignedDuration::from_mins(1);
/// When a used-up quota is tried again whose renewal is unknown.
pub(in super::super) const DEFAULT_QUOTA_RESET: SignedDuration = SignedDuration::from_hours(1);
/// The largest answer that is read, in bytes: no subtitle and no page of results is larger.
const LARGEST: usize = 10 << 20;
/// Characters of a provider's answer in a message.
const MAX_EXCERPT: usize = 200;

/// An account at a provider.
#[derive(Clone)]
pub struct Account {
    pub(in super::super) source: SourceId,
    pub(in super::super) base: Url,
    pub(in super::super) http: reqwest::Client,
    pub(in super::super) links: GuardedClient,
    pub(in super::super) limiter: RateLimiter,
}

/// What one call gave.
enum Attempt {
    Answered(Answer),
    /// Another call may succeed.
    Failed(SourceError),
}

/// What a provider answered, whatever its status.
pub(in super::super) struct Answer {
    pub(in super::super) status: StatusCode,
    pub(in super::super) headers: HeaderMap,
    pub(in super::super) body: Vec<u8>,
}

/// Whether a text is a web page.
pub(in super::super) fn is_page(body: &[u8]) -> bool {
    let start: Vec<u8> = body.iter().copied().skip_while(u8::is_ascii_whitespace).take(14).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

impl Answer {
    /// The provider's message, safe to print.
    pub(in super::super) fn excerpt(&self) -> String {
        let message: Option<String> = serde_json::from_slice::<serde_json::Value>(&self.body).ok().and_then(|json| {
            let field = ["message", "error", "errors"].iter().find_map(|name| json.get(name))?;
            Some(field.as_str().map_or_else(|| field.to_string(), str::to_owned))
        });
        let message = match message {
            Some(message) => message,
            None if is_page(&self.body) => "a web page".to_owned(),
            None => String::from_utf8_lossy(&self.body).into_owned(),
        };
        let message = text::sanitize(&message, MAX_EXCERPT);
        let message = if message.is_empty() { "nothing" } else { &message };
        format!("{}: {message}", self.status.as_u16())
    }

    /// Where a redirect leads.
    fn location(&self, from: &Url) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        from.join(location).ok().filter(|_| self.status.is_redirection())
    }

    /// The seconds in the first of these headers that is set.
    fn seconds(&self, names: &[&str]) -> Option<SignedDuration> {
        let seconds = names.iter().find_map(|name| self.headers.get(*name)?.to_str().ok()?.trim().parse().ok());
        seconds.map(SignedDuration::from_secs)
    }
}

/// A client for providers: redirects are answers, because each is a call of its own.
pub(in super::super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .redirect(Policy::none())
        .build()
}

impl Account {
    pub(in super::super) fn error(&self, kind: SourceErrorKind, message: impl Into<String>) -> SourceError {
        SourceError::new(self.source, kind, message)
    }

    /// The host, for messages.
    pub(in super::super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// A path under the base.
    pub(in super::super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        url
    }

    async fn permit(&self, request: PermitRequest) -> Result<(), SourceError> {
        self.limiter.acquire(request).await.map_err(|error| match error {
            PermitError::Denied(Denied::Cooldown(until)) => self.error(
                SourceErrorKind::Quota(Some(until)),
                format!("{} asks for no call before {until:.0}", self.host()),
            ),
            PermitError::Denied(Denied::QuotaSpent(until)) => self.error(
                SourceErrorKind::Quota(Some(until)),
                format!("the quota at {} is used up until {until:.0}", self.host()),
            ),
            PermitError::Denied(Denied::CredentialsRefused) => self.error(
                SourceErrorKind::Forbidden,
                format!(
                    "{} refused this system's credentials; correct them in their Secret, they are read again",
                    self.host()
                ),
            ),
            PermitError::Unanswered => {
                let message = format!("no permit to call {} came within {} s", self.host(), MAX_WAIT.as_secs());
                self.error(SourceErrorKind::Unavailable, message)
            }
        })
    }

    /// Calls until there is an answer that another call would not change; `is_final` knows those that look worth
    /// another call and are not.
    pub(in super::super) async fn call(
        &self,
        permit: PermitRequest,
        is_final: fn(&Answer) -> bool,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, SourceError> {
        let mut last_error = None;
        for at in 0..TRIES {
            if at > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(at - 1)).await;
            }
            match self.attempt(permit, is_final, request()).await? {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Failed(error) => last_error = Some(error),
            }
        }
        Err(last_error.unwrap_or_else(|| self.error(SourceErrorKind::Unavailable, "it was not called")))
    }

    /// One call; an error that another call would not change ends all.
    async fn attempt(
        &self,
        permit: PermitRequest,
        is_final: fn(&Answer) -> bool,
        request: RequestBuilder,
    ) -> Result<Attempt, SourceError> {
        let may_repeat = permit.call != Call::Download;
        let again = |error: SourceError| if may_repeat { Ok(Attempt::Failed(error)) } else { Err(error) };
        self.permit(permit).await?;
        let sent = match request.send().await {
            Ok(response) => self.read(response).await,
            Err(error) => Err(self.unreachable(&error)),
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return again(error),
        };
        if is_final(&answer) {
            return Ok(Attempt::Answered(answer));
        }
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            // It was not counted: a call that costs may be repeated, too.
            return self.cooled_down(&answer).await.map(Attempt::Failed);
        }
        if answer.status.is_server_error() {
            let message = format!("{} answered {}", self.host(), answer.excerpt());
            return again(self.error(SourceErrorKind::Unavailable, message));
        }
        Ok(Attempt::Answered(answer))
    }

    /// Reports the cooldown that a 429 asks for; `Err` if it is too long to wait for.
    async fn cooled_down(&self, answer: &Answer) -> Result<SourceError, SourceError> {
        let named = answer.seconds(&[RETRY_AFTER.as_str(), "ratelimit-reset", "x-ratelimit-reset"]);
        let cooldown = named.unwrap_or(UNNAMED_COOLDOWN);
        let until = Timestamp::now().saturating_add(cooldown).unwrap_or(Timestamp::MAX);
        self.limiter.report(Notice::Cooldown(until)).await;
        let message = format!("{} asks for no call before {until:.0} ({})", self.host(), answer.excerpt());
        let error = self.error(SourceErrorKind::Quota(Some(until)), message);
        if cooldown > PATIENCE { Err(error) } else { Ok(error) }
    }

    /// GETs an address, following redirects within its host only: what the request carries, such as a key, goes to no other
    /// host.
    pub(in super::super) async fn get(
        &self,
        permit: PermitRequest,
        is_final: fn(&Answer) -> bool,
        url: Url,
        with_headers: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, SourceError> {
        let (url, answer) = self.followed(permit, is_final, url, with_headers).await?;
        let Some(elsewhere) = answer.location(&url) else { return Ok(answer) };
        let to = elsewhere.host_str().unwrap_or_default();
        let message = format!("{} sends its callers to '{to}', where this system's calls do not go", self.host());
        Err(self.error(SourceErrorKind::Unavailable, message))
    }

    /// The last answer of the host of `url`, and its address; each redirect is a call of its own.
    pub(in super::super) async fn followed(
        &self,
        permit: PermitRequest,
        is_final: fn(&Answer) -> bool,
        mut url: Url,
        with_headers: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(Url, Answer), SourceError> {
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.call(permit, is_final, || with_headers(self.http.get(url.clone()))).await?;
            match answer.location(&url) {
                Some(next) if next.origin() == url.origin() => url = next,
                _ => return Ok((url, answer)),
            }
        }
        Err(self.error(SourceErrorKind::Unavailable, format!("{} sends its callers in circles", self.host())))
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, SourceError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST {
                let message = format!("{} sent more than {LARGEST} bytes, which no subtitle has", self.host());
                return Err(self.error(SourceErrorKind::File, message));
            }
        }
        Ok(Answer { status, headers, body })
    }

    /// The innermost cause and not the URL, which may hold a key.
    fn unreachable(&self, error: &reqwest::Error) -> SourceError {
        self.error(SourceErrorKind::Unavailable, format!("failed to reach {}", self.host())).caused_by(cause(error))
    }

    /// The content of a successful answer.
    pub(in super::super) fn json<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, SourceError> {
        if !answer.status.is_success() {
            return Err(self.unexpected(answer));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            let what = if is_page(&answer.body) { "a web page" } else { "something else" };
            let message = format!("{} sent {what} where results were expected", self.host());
            self.error(SourceErrorKind::Unavailable, message).caused_by(error)
        })
    }

    /// The error for an unexpected answer.
    pub(in super::super) fn unexpected(&self, answer: &Answer) -> SourceError {
        let kind = match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SourceErrorKind::Forbidden,
            _ => SourceErrorKind::Unavailable,
        };
        self.error(kind, format!("{} answered {}", self.host(), answer.excerpt()))
    }

    /// The file behind a link that the provider gave, on any host: no key goes there, and it costs nothing. `None` if it is
    /// gone.
    pub(in super::super) async fn linked(&self, link: &Url) -> Result<Option<Vec<u8>>, SourceError> {
        let mut last_error = None;
        for at in 0..TRIES {
            if at > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(at - 1)).await;
            }
            let request = self.links.get(link).map_err(|refused| {
                let message = format!("{} links to an address that is not fetched", self.host());
                self.error(SourceErrorKind::File, message).caused_by(refused)
            })?;
            let read = match request.send().await {
                Ok(response) => self.read(response).await,
                Err(error) => Err(self.unreachable(&error)),
            };
            match read {
                Ok(answer) if matches!(answer.status, StatusCode::GONE | StatusCode::NOT_FOUND) => return Ok(None),
                Ok(answer) if answer.status.is_success() => return self.file(answer).map(Some),
                Ok(answer) if answer.status.is_server_error() => last_error = Some(self.unexpected(&answer)),
                Ok(answer) => {
                    return Err(
                        self.error(SourceErrorKind::File, format!("the file's link answered {}", answer.excerpt()))
                    );
                }
                Err(error) if error.kind == SourceErrorKind::File => return Err(error),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.unwrap_or_else(|| self.error(SourceErrorKind::Unavailable, "it was not called")))
    }

    /// The file in the answer of `url`, or the one to which it redirects elsewhere.
    pub(in super::super) async fn file_at(&self, url: &Url, answer: Answer) -> Result<Vec<u8>, SourceError> {
        let gone = || self.error(SourceErrorKind::File, "the file no longer exists");
        match (answer.status, answer.location(url)) {
            (StatusCode::OK, _) => self.file(answer),
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Err(gone()),
            (_, Some(link)) => self.linked(&link).await?.ok_or_else(gone),
            _ => Err(self.unexpected(&answer)),
        }
    }

    /// The bytes of a file; an error if they are a web page or nothing.
    fn file(&self, answer: Answer) -> Result<Vec<u8>, SourceError> {
        if is_page(&answer.body) || answer.body.is_empty() {
            let what = if answer.body.is_empty() { "nothing" } else { "a web page" };
            return Err(
                self.error(SourceErrorKind::File, format!("{} sent {what} in the subtitle's place", self.host()))
            );
        }
        Ok(answer.body)
    }
}
