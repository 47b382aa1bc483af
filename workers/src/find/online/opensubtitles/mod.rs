//! OpenSubtitles.com, REST version 1, as its OpenAPI description and recorded traffic have it: searches by hash, id or
//! title come in, rows go out; one POST that counts against the quota gives a link to a file's text.

mod address;
mod row;

use std::{
    collections::HashMap,
    sync::{Mutex as StdMutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use url::Url;

use super::{
    Query,
    account::{Account, Answer},
    credentials::{CredentialFiles, Credentials},
    turns::pace::{Call, Limits, Notice, Wish},
};
use crate::find::{Found, SourceError, Trouble};

/// Five a second are published; with three, calls that are held up on their way by up to two thirds of a second still
/// keep to it. Logins: 1 a second, 10 a minute, 30 an hour.
pub const LIMITS: Limits = Limits {
    apart: Duration::from_millis(333),
    logins: &[
        (SignedDuration::from_secs(1), 1),
        (SignedDuration::from_mins(1), 10),
        (SignedDuration::from_hours(1), 30),
    ],
};
/// Pages of a search, of 50 rows each, best first.
const MOST_PAGES: u32 = 3;
/// A link lives three hours; used for less, so that it does not end on the way.
const LINK_LIVES: Duration = Duration::from_hours(2);
/// Links that are remembered.
const MOST_LINKS: usize = 1000;
const AGENT: &str = concat!("subtitles v", env!("CARGO_PKG_VERSION"));

/// The client.
pub struct OpenSubtitles {
    account: Account,
    files: CredentialFiles,
    session: Mutex<Option<Session>>,
    /// Paid for and not yet expired, by file id.
    links: StdMutex<HashMap<u64, (Url, Instant)>>,
}

/// What a login gave.
#[derive(Clone)]
struct Session {
    token: String,
    base: Url,
    credentials: u16,
}

#[derive(Deserialize)]
struct LoggedIn {
    token: String,
    base_url: Option<String>,
}

/// An answer to the POST that pays, and to one that cannot be paid any more.
#[derive(Deserialize)]
struct Paid {
    link: Option<Url>,
    remaining: Option<i64>,
    reset_time_utc: Option<Timestamp>,
    message: Option<String>,
}

fn never_final(_: &Answer) -> bool {
    false
}

/// Quotas without a named time have been renewed at the end of the day, UTC.
fn next_midnight(now: Timestamp) -> Timestamp {
    let tomorrow = now.to_zoned(TimeZone::UTC).tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
    tomorrow.map_or(now, |midnight| midnight.timestamp())
}

impl OpenSubtitles {
    /// A client for one account.
    pub fn new(account: Account, files: CredentialFiles) -> Self {
        Self { account, files, session: Mutex::default(), links: StdMutex::default() }
    }

    fn credentials(&self) -> Result<Credentials, SourceError> {
        self.files.read().map_err(|message| self.account.error(Trouble::Forbidden, message))
    }

    fn headed(request: RequestBuilder, credentials: &Credentials) -> RequestBuilder {
        request.header("api-key", credentials.key.reveal()).header(USER_AGENT, AGENT).header(ACCEPT, "application/json")
    }

    /// What the provider has: by hash first, then by id or title.
    pub(super) async fn list(&self, query: &Query<'_>) -> Result<Vec<Found>, SourceError> {
        let mut found: Vec<Found> = Vec::new();
        for search in address::searches(query) {
            for row in self.rows(&search).await? {
                let Some(row) = row.found(query) else { continue };
                if !found.iter().any(|known| known.identity == row.identity) {
                    found.push(row);
                }
            }
            if found.iter().any(|one| query.is_sure(one)) {
                break;
            }
        }
        Ok(found)
    }

    async fn rows(&self, search: &[(&'static str, String)]) -> Result<Vec<row::Row>, SourceError> {
        let mut rows = Vec::new();
        for page in 1..=MOST_PAGES {
            let results: row::Page = self.search(address::canonical(search, page)).await?;
            rows.extend(results.data);
            if page >= results.total_pages.unwrap_or(1) {
                break;
            }
        }
        Ok(rows)
    }

    async fn search(&self, query: String) -> Result<row::Page, SourceError> {
        let credentials = self.credentials()?;
        let wish = Wish { call: Call::Ask, credentials: credentials.fingerprint };
        let mut url = self.account.url("subtitles");
        url.set_query(Some(&query));
        // It redirects what is not in the form that it keeps answers under.
        let headed = |get| Self::headed(get, &credentials);
        let asked = self.account.ask(wish, never_final, url, headed).await;
        let answer = asked.map_err(|error| credentials.hide(error))?;
        match answer.status {
            StatusCode::BAD_REQUEST => Ok(row::Page::default()), // such as for a hash it finds malformed
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refused(&answer, &credentials).await),
            _ => self.account.json(&answer),
        }
    }

    /// Key, user agent, name or password are wrong: said once, and not tried again until they change.
    async fn refused(&self, answer: &Answer, credentials: &Credentials) -> SourceError {
        self.account.turns.note(Notice::Refused(credentials.fingerprint)).await;
        let message = format!(
            "{} refused this system's key or login ({}); correct them in their Secret, they are read again",
            self.account.host(),
            answer.words()
        );
        credentials.hide(self.account.error(Trouble::Forbidden, message))
    }

    /// The session that downloads go under; none for an account without a name, which has its address's quota.
    /// `stale` is a token that was refused. One login at a time.
    async fn session(&self, credentials: &Credentials, stale: Option<&str>) -> Result<Option<Session>, SourceError> {
        let Some((name, password)) = &credentials.login else { return Ok(None) };
        let mut session = self.session.lock().await;
        if let Some(known) = session.as_ref()
            && known.credentials == credentials.fingerprint
            && stale != Some(known.token.as_str())
        {
            return Ok(Some(known.clone()));
        }
        let body = json!({"username": name.reveal(), "password": password.reveal()}).to_string();
        let wish = Wish { call: Call::LogIn, credentials: credentials.fingerprint };
        let request = || {
            let post = self.account.http.post(self.account.url("login")).header(CONTENT_TYPE, "application/json");
            Self::headed(post, credentials).body(body.clone())
        };
        let answer = self.account.call(wish, never_final, request).await.map_err(|error| credentials.hide(error))?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(self.refused(&answer, credentials).await);
        }
        let LoggedIn { token, base_url } = self.account.json(&answer)?;
        let base = match base_url {
            Some(host) => self.at(&host)?,
            None => self.account.base.clone(),
        };
        *session = Some(Session { token, base, credentials: credentials.fingerprint });
        Ok(session.clone())
    }

    /// The base at the bare host that a login names: the provider's own, or the key would go to a stranger.
    fn at(&self, host: &str) -> Result<Url, SourceError> {
        let own = &self.account.base;
        let named = Url::parse(&format!("{}://{host}{}", own.scheme(), own.path()));
        named.ok().filter(|named| super::is_kin(own, named)).ok_or_else(|| {
            let message = format!("{} sends downloads to '{host}', which is not its own", self.account.host());
            self.account.error(Trouble::Unavailable, message)
        })
    }

    /// A file's text. A link that was paid for and not used is used first.
    pub(super) async fn fetch(&self, file_id: u64) -> Result<Vec<u8>, SourceError> {
        if let Some(link) = self.remembered(file_id)
            && let Some(bytes) = self.account.linked(&link).await?
        {
            return Ok(bytes);
        }
        // A link that is gone at once is paid for again, and once only.
        for _ in 0..2 {
            let link = self.pay(file_id).await?;
            self.remember(file_id, &link);
            if let Some(bytes) = self.account.linked(&link).await? {
                return Ok(bytes);
            }
        }
        Err(self.account.error(Trouble::File, format!("file {file_id} is gone as soon as it is paid for")))
    }

    fn remembered(&self, file_id: u64) -> Option<Url> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, (_, since)| since.elapsed() < LINK_LIVES);
        links.get(&file_id).map(|(link, _)| link.clone())
    }

    fn remember(&self, file_id: u64, link: &Url) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MOST_LINKS {
            links.clear();
        }
        links.insert(file_id, (link.clone(), Instant::now()));
    }

    /// Spends one download of the quota.
    async fn pay(&self, file_id: u64) -> Result<Url, SourceError> {
        let credentials = self.credentials()?;
        let wish = Wish { call: Call::Pay, credentials: credentials.fingerprint };
        let body = json!({"file_id": file_id, "sub_format": "srt"}).to_string();
        let mut stale = None;
        loop {
            let session = self.session(&credentials, stale.as_deref()).await?;
            let base = session.as_ref().map_or_else(|| self.account.base.clone(), |session| session.base.clone());
            let account = Account { base, ..self.account.clone() };
            let request = || {
                let post = Self::headed(account.http.post(account.url("download")), &credentials);
                let post = post.header(CONTENT_TYPE, "application/json").body(body.clone());
                match &session {
                    Some(session) => post.header(AUTHORIZATION, format!("Bearer {}", session.token)),
                    None => post,
                }
            };
            let answer = account.call(wish, never_final, request).await.map_err(|error| credentials.hide(error))?;
            match answer.status {
                // A token ends within a day: one login, one more try.
                StatusCode::UNAUTHORIZED if stale.is_none() && session.is_some() => {
                    stale = session.map(|session| session.token);
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    return Err(self.refused(&answer, &credentials).await);
                }
                StatusCode::NOT_ACCEPTABLE => return Err(self.not_acceptable(&answer, file_id).await),
                StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::GONE => {
                    let message = format!("file {file_id} is not given ({})", answer.words());
                    return Err(self.account.error(Trouble::File, message));
                }
                _ => {
                    let paid: Paid = account.json(&answer)?;
                    // This one was given; the next will not be.
                    if paid.remaining.is_some_and(|remaining| remaining <= 0) {
                        self.account.turns.note(Notice::Spent(renewal(&paid))).await;
                    }
                    return paid.link.ok_or_else(|| {
                        let message =
                            format!("file {file_id} came without a link: {}", paid.message.unwrap_or_default());
                        self.account.error(Trouble::File, message)
                    });
                }
            }
        }
    }

    /// 406 is a used-up quota only where the body says so; it is also the answer to a file that is not to be had.
    async fn not_acceptable(&self, answer: &Answer, file_id: u64) -> SourceError {
        let paid: Option<Paid> = serde_json::from_slice(&answer.body).ok();
        match paid {
            Some(paid) if paid.remaining.is_some_and(|remaining| remaining <= 0) => {
                let until = renewal(&paid);
                self.account.turns.note(Notice::Spent(until)).await;
                let message = format!("the quota at {} is used up until {until:.0}", self.account.host());
                self.account.error(Trouble::Quota(Some(until)), message)
            }
            _ => self.account.error(Trouble::File, format!("file {file_id} is not given ({})", answer.words())),
        }
    }
}

fn renewal(paid: &Paid) -> Timestamp {
    let now = Timestamp::now();
    paid.reset_time_utc.filter(|time| *time > now).unwrap_or_else(|| next_midnight(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_without_a_time_is_renewed_at_the_next_midnight_utc() {
        let now = "2026-12-31T23:59:59Z".parse().expect("a time");
        assert_eq!(next_midnight(now).to_string(), "2027-01-01T00:00:00Z");
    }
}
