//! OpenSubtitles.com, REST version 1, as its OpenAPI description and recorded traffic have it: searches by hash, id or
//! title come in, rows go out; one POST that counts against the quota gives a link to a file's text. Does I/O.

mod address;
mod row;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex as StdMutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use serde::Deserialize;
use serde_json::json;
use subtitle_contract::names::OPENSUBTITLES;
use tokio::sync::Mutex;
use url::Url;

use super::{
    access::{Account, Answer, CredentialFiles, Credentials, is_same_provider},
    provider::{Provider, Setup},
    query::Query,
    rate_limit::{Call, Limits, Notice, PermitRequest},
};
use crate::find::{FoundSubtitle, Offer, SourceError, SourceErrorKind};

/// The flags of OpenSubtitles.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "fields are named like their flags")]
pub struct OpenSubtitlesArguments {
    /// The file with OpenSubtitles' key; with it, opensubtitles.com is asked
    #[arg(long, env = "SUBTITLES_OPENSUBTITLES_KEY_FILE", value_name = "FILE")]
    opensubtitles_key_file: Option<PathBuf>,
    /// The file with the account's name there; without one, downloads count for this network's address
    #[arg(long, env = "SUBTITLES_OPENSUBTITLES_USERNAME_FILE", value_name = "FILE", requires_all = ["opensubtitles_password_file", "opensubtitles_key_file"])]
    opensubtitles_username_file: Option<PathBuf>,
    /// The file with the account's password there
    #[arg(
        long,
        env = "SUBTITLES_OPENSUBTITLES_PASSWORD_FILE",
        value_name = "FILE",
        requires = "opensubtitles_username_file"
    )]
    opensubtitles_password_file: Option<PathBuf>,
    /// OpenSubtitles' address [default: https://api.opensubtitles.com/api/v1]
    #[arg(long, env = "SUBTITLES_OPENSUBTITLES_URL", value_name = "URL")]
    opensubtitles_url: Option<Url>,
}

const API_URL: &str = "https://api.opensubtitles.com/api/v1";

/// Five a second are published; with three, calls that are held up on their way by up to two thirds of a second still
/// keep to it. Logins: 1 a second, 10 a minute, 30 an hour.
const LIMITS: Limits = Limits {
    interval: Duration::from_millis(333),
    logins: &[
        (SignedDuration::from_secs(1), 1),
        (SignedDuration::from_mins(1), 10),
        (SignedDuration::from_hours(1), 30),
    ],
};
/// The most pages of a search, of 50 rows each, best first.
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

impl Provider for OpenSubtitles {
    const NAME: &'static str = OPENSUBTITLES;
    const REQUIRED_SETTING: &'static str =
        "opensubtitles.existingSecret in the chart or SUBTITLES_OPENSUBTITLES_KEY_FILE";
    type Arguments = OpenSubtitlesArguments;

    fn from_arguments(arguments: OpenSubtitlesArguments, setup: &Setup<'_>) -> Result<Option<Self>> {
        let OpenSubtitlesArguments {
            opensubtitles_key_file,
            opensubtitles_username_file,
            opensubtitles_password_file,
            opensubtitles_url,
        } = arguments;
        let Some(key) = opensubtitles_key_file else { return Ok(None) };
        let files = CredentialFiles { key, login: opensubtitles_username_file.zip(opensubtitles_password_file) };
        let user = files.user().map_err(|message| anyhow!("{}: {message}", Self::NAME))?;
        let base = opensubtitles_url.map_or_else(|| Url::parse(API_URL), Ok)?;
        let account = setup.account::<Self>(base, &user, LIMITS)?;
        Ok(Some(Self { account, files, session: Mutex::default(), links: StdMutex::default() }))
    }

    /// What the provider has: by hash first, then by id or title.
    async fn list(&self, query: &Query<'_>) -> Result<Vec<FoundSubtitle>, SourceError> {
        let mut found: Vec<FoundSubtitle> = Vec::new();
        for search in address::searches(query) {
            for row in self.rows(&search).await? {
                let Some(row) = row.found(query, Self::SOURCE) else { continue };
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

    /// A file's text; a link that was paid for and not used is used first.
    async fn fetch(&self, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        let file_id = offer.id(Self::SOURCE)?;
        if let Some(link) = self.remembered(file_id)
            && let Some(bytes) = self.account.linked(&link).await?
        {
            return Ok(bytes);
        }
        // A link that is dead from the start is paid for a second time, but not a third.
        for _ in 0..2 {
            let link = self.pay(file_id).await?;
            self.remember(file_id, &link);
            if let Some(bytes) = self.account.linked(&link).await? {
                return Ok(bytes);
            }
        }
        Err(self
            .account
            .error(SourceErrorKind::File, format!("file {file_id} no longer exists as soon as it is paid for")))
    }
}

impl OpenSubtitles {
    fn credentials(&self) -> Result<Credentials, SourceError> {
        self.files.read().map_err(|message| self.account.error(SourceErrorKind::Forbidden, message))
    }

    fn with_headers(request: RequestBuilder, credentials: &Credentials) -> RequestBuilder {
        request.header("api-key", credentials.key.reveal()).header(USER_AGENT, AGENT).header(ACCEPT, "application/json")
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
        let permit = PermitRequest { call: Call::Query, credentials: credentials.fingerprint };
        let mut url = self.account.url("subtitles");
        url.set_query(Some(&query));
        // It redirects what is not in the form that it keeps answers under.
        let with_headers = |get| Self::with_headers(get, &credentials);
        let asked = self.account.get(permit, never_final, url, with_headers).await;
        let answer = asked.map_err(|error| credentials.hide(error))?;
        match answer.status {
            StatusCode::BAD_REQUEST => Ok(row::Page::default()), // such as for a hash it finds malformed
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refused(&answer, &credentials).await),
            _ => self.account.json(&answer),
        }
    }

    /// Key, user agent, name or password are wrong: reported once, and not tried again until they change.
    async fn refused(&self, answer: &Answer, credentials: &Credentials) -> SourceError {
        self.account.limiter.report(Notice::CredentialsRefused(credentials.fingerprint)).await;
        let message = format!(
            "{} refused this system's key or login ({}); correct them in their Secret, they are read again",
            self.account.host(),
            answer.excerpt()
        );
        credentials.hide(self.account.error(SourceErrorKind::Forbidden, message))
    }

    /// The session for downloads; `None` for an account without a name, which has the quota of its IP address.
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
        let permit = PermitRequest { call: Call::LogIn, credentials: credentials.fingerprint };
        let request = || {
            let post = self.account.http.post(self.account.url("login")).header(CONTENT_TYPE, "application/json");
            Self::with_headers(post, credentials).body(body.clone())
        };
        let answer = self.account.call(permit, never_final, request).await.map_err(|error| credentials.hide(error))?;
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

    /// The base URL at the host that a login names, which must be the provider's own: the key is sent there.
    fn at(&self, host: &str) -> Result<Url, SourceError> {
        let own = &self.account.base;
        let named = Url::parse(&format!("{}://{host}{}", own.scheme(), own.path()));
        named.ok().filter(|named| is_same_provider(own, named)).ok_or_else(|| {
            let message = format!("{} sends downloads to '{host}', which is not its own", self.account.host());
            self.account.error(SourceErrorKind::Unavailable, message)
        })
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

    /// Spends one download of the quota and returns the file's link.
    async fn pay(&self, file_id: u64) -> Result<Url, SourceError> {
        let credentials = self.credentials()?;
        let permit = PermitRequest { call: Call::Download, credentials: credentials.fingerprint };
        let body = json!({"file_id": file_id, "sub_format": "srt"}).to_string();
        let mut stale = None;
        loop {
            let session = self.session(&credentials, stale.as_deref()).await?;
            let base = session.as_ref().map_or_else(|| self.account.base.clone(), |session| session.base.clone());
            let account = Account { base, ..self.account.clone() };
            let request = || {
                let post = Self::with_headers(account.http.post(account.url("download")), &credentials);
                let post = post.header(CONTENT_TYPE, "application/json").body(body.clone());
                match &session {
                    Some(session) => post.header(AUTHORIZATION, format!("Bearer {}", session.token)),
                    None => post,
                }
            };
            let answer = account.call(permit, never_final, request).await.map_err(|error| credentials.hide(error))?;
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
                    let message = format!("file {file_id} is not given ({})", answer.excerpt());
                    return Err(self.account.error(SourceErrorKind::File, message));
                }
                _ => {
                    let paid: Paid = account.json(&answer)?;
                    // This one was given; the next will not be.
                    if paid.remaining.is_some_and(|remaining| remaining <= 0) {
                        self.account.limiter.report(Notice::QuotaSpent(renewal(&paid))).await;
                    }
                    return paid.link.ok_or_else(|| {
                        let message =
                            format!("file {file_id} came without a link: {}", paid.message.unwrap_or_default());
                        self.account.error(SourceErrorKind::File, message)
                    });
                }
            }
        }
    }

    /// 406 is a used-up quota only where the body says so; it is also the answer for a file that is not available.
    async fn not_acceptable(&self, answer: &Answer, file_id: u64) -> SourceError {
        let paid: Option<Paid> = serde_json::from_slice(&answer.body).ok();
        match paid {
            Some(paid) if paid.remaining.is_some_and(|remaining| remaining <= 0) => {
                let until = renewal(&paid);
                self.account.limiter.report(Notice::QuotaSpent(until)).await;
                let message = format!("the quota at {} is used up until {until:.0}", self.account.host());
                self.account.error(SourceErrorKind::Quota(Some(until)), message)
            }
            _ => {
                self.account.error(SourceErrorKind::File, format!("file {file_id} is not given ({})", answer.excerpt()))
            }
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
