//! SubDL, as its users' code has it: one search, and a zip for each file. The key is in the address, so that no
//! address gets into a message. Does I/O.

use std::{path::PathBuf, time::Duration};

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use subtitle_contract::names::SUBDL;
use url::Url;

use super::{
    access::{Account, Answer, CredentialFiles, UNNAMED_RENEWAL},
    provider::{Provider, Setup},
    query::Query,
    rate_limit::{Call, Limits, Notice, PermitRequest},
};
use crate::{
    find::{FoundSubtitle, Listed, Offer, Origin, SourceError, SourceErrorKind, VideoMatch},
    subtitle::language::code::{self, CodeSystem},
};

/// The flags of SubDL.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "fields are named like their flags")]
pub struct SubDlArguments {
    /// The file with SubDL's key; with it, subdl.com is asked
    #[arg(long, env = "SUBTITLES_SUBDL_KEY_FILE", value_name = "FILE")]
    subdl_key_file: Option<PathBuf>,
    /// SubDL's address [default: https://api.subdl.com/api/v1]
    #[arg(long, env = "SUBTITLES_SUBDL_URL", value_name = "URL")]
    subdl_url: Option<Url>,
    /// Where SubDL's files are [default: https://dl.subdl.com]
    #[arg(long, env = "SUBTITLES_SUBDL_DOWNLOAD_URL", value_name = "URL")]
    subdl_download_url: Option<Url>,
}

const API_URL: &str = "https://api.subdl.com/api/v1";
const DOWNLOAD_URL: &str = "https://dl.subdl.com";

/// No limit is published: two calls a second.
const LIMITS: Limits = Limits { interval: Duration::from_millis(500), logins: &[] };

/// The client.
pub struct SubDl {
    account: Account,
    files: CredentialFiles,
    /// Where the zips are.
    downloads: Url,
}

#[derive(Deserialize)]
struct Answers {
    status: Option<bool>,
    error: Option<String>,
    #[serde(default)]
    subtitles: Vec<Row>,
    #[serde(default)]
    results: Vec<Work>,
}

/// What the search was understood as.
#[derive(Deserialize)]
struct Work {
    name: Option<String>,
    year: Option<u16>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    name: Option<String>,
    release_name: Option<String>,
    language: Option<String>,
    url: String,
    #[serde(default)]
    releases: Vec<String>,
    season: Option<u16>,
    episode: Option<u16>,
    episode_from: Option<u16>,
    episode_end: Option<u16>,
    hi: Option<bool>,
}

/// Whether the quota is used up, which it also answers with 500.
fn is_spent(answer: &Answer) -> bool {
    answer.status == StatusCode::INTERNAL_SERVER_ERROR
        && String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains("download limit exceeded")
}

impl Provider for SubDl {
    const NAME: &'static str = SUBDL;
    const REQUIRED_SETTING: &'static str = "SUBTITLES_SUBDL_KEY_FILE";
    type Arguments = SubDlArguments;

    fn from_arguments(arguments: SubDlArguments, setup: &Setup<'_>) -> Result<Option<Self>> {
        let SubDlArguments { subdl_key_file, subdl_url, subdl_download_url } = arguments;
        let Some(key) = subdl_key_file else { return Ok(None) };
        let files = CredentialFiles { key, login: None };
        let user = files.user().map_err(|message| anyhow!("{}: {message}", Self::NAME))?;
        let base = subdl_url.map_or_else(|| Url::parse(API_URL), Ok)?;
        let downloads = subdl_download_url.map_or_else(|| Url::parse(DOWNLOAD_URL), Ok)?;
        Ok(Some(Self { account: setup.account::<Self>(base, &user, LIMITS)?, files, downloads }))
    }

    async fn list(&self, query: &Query<'_>) -> Result<Vec<FoundSubtitle>, SourceError> {
        let credentials =
            self.files.read().map_err(|message| self.account.error(SourceErrorKind::Forbidden, message))?;
        let Some(url) = self.address(query, credentials.key.reveal()) else { return Ok(Vec::new()) };
        let permit = PermitRequest { call: Call::Query, credentials: credentials.fingerprint };
        let asked = self.account.get(permit, is_spent, url, |get| get).await;
        let answer = asked.map_err(|error| credentials.hide(error))?;
        if matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) {
            self.account.limiter.report(Notice::CredentialsRefused(credentials.fingerprint)).await;
            return Err(credentials.hide(self.account.unexpected(&answer)));
        }
        if is_spent(&answer) {
            return Err(self.spent().await);
        }
        let answers: Answers = self.account.json(&answer).map_err(|error| credentials.hide(error))?;
        if answers.status == Some(false) {
            let reason = answers.error.unwrap_or_default();
            // Its words for a work or a subtitle that it does not know.
            let is_unknown = reason.is_empty() || reason.to_ascii_lowercase().contains("find");
            let error = || {
                self.account.error(SourceErrorKind::Unavailable, format!("{} answered: {reason}", self.account.host()))
            };
            return if is_unknown { Ok(Vec::new()) } else { Err(credentials.hide(error())) };
        }
        let work = answers.results.into_iter().next();
        Ok(answers.subtitles.iter().filter_map(|row| self.found(row, work.as_ref(), query)).collect())
    }

    /// A zip, which needs no key.
    async fn fetch(&self, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        let url = offer.link(Self::SOURCE)?;
        let credentials =
            self.files.read().map_err(|message| self.account.error(SourceErrorKind::Forbidden, message))?;
        let permit = PermitRequest { call: Call::Download, credentials: credentials.fingerprint };
        let (url, answer) = self.account.followed(permit, is_spent, url.clone(), |get| get).await?;
        if is_spent(&answer) {
            return Err(self.spent().await);
        }
        self.account.file_at(&url, answer).await
    }
}

impl SubDl {
    fn address(&self, query: &Query<'_>, key: &str) -> Option<Url> {
        let wanted = &query.wanted;
        let mut url = self.account.url("subtitles");
        {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("api_key", key);
            // A series' rows are filed under the series.
            let id = if wanted.is_episode() { &query.video.series_imdb_id } else { &query.video.imdb_id };
            match (id, wanted.title()) {
                (Some(id), _) => pairs.append_pair("imdb_id", id),
                (None, Some(title)) => pairs.append_pair("film_name", title),
                (None, None) => return None,
            };
            pairs.append_pair("type", if wanted.is_episode() { "tv" } else { "movie" });
            if let Some(season) = wanted.season() {
                pairs.append_pair("season_number", &season.to_string());
            }
            if let [episode, ..] = wanted.episodes() {
                pairs.append_pair("episode_number", &episode.to_string());
            }
            let mut languages: Vec<String> = query.languages.iter().map(|one| CodeSystem::SubDl.code(one)).collect();
            languages.sort_unstable();
            languages.dedup();
            pairs.append_pair("languages", &languages.join(","));
            pairs.append_pair("subs_per_page", "30").append_pair("releases", "1").append_pair("comment", "1");
        }
        Some(url)
    }

    fn found(&self, row: &Row, work: Option<&Work>, query: &Query<'_>) -> Option<FoundSubtitle> {
        let language = code::read(row.language.as_deref()?)?;
        let url = self.downloads.join(row.url.trim_start_matches('/')).ok()?;
        if url.origin() != self.downloads.origin() {
            return None;
        }
        let names: Vec<&str> =
            [&row.release_name, &row.name].into_iter().flatten().chain(&row.releases).map(String::as_str).collect();
        let label = names.first().map_or_else(|| row.url.clone(), |name| (*name).to_owned());
        let is_episode = row.season.is_some_and(|season| season > 0);
        let episodes = match (row.episode_from.filter(|from| *from > 0), row.episode_end) {
            // Of a season's archive the right file is taken, if it can be in there.
            (Some(from), Some(end)) if end > from => {
                let all: Vec<u16> = (from..=end).collect();
                if query.wanted.episodes().iter().all(|one| all.contains(one)) { Vec::new() } else { all }
            }
            (from, _) => row.episode.filter(|one| *one > 0).or(from).into_iter().collect(),
        };
        let id = |id: Option<&String>| id.and_then(|id| id.trim_start_matches("tt").parse().ok());
        let mut listed = Listed {
            title: work.and_then(|work| work.name.clone()),
            year: work.and_then(|work| work.year),
            is_episode: match work.and_then(|work| work.kind.as_deref()) {
                Some(kind) => Some(kind == "tv"),
                None => is_episode.then_some(true),
            },
            season: row.season.filter(|_| is_episode),
            episodes,
            // What was asked for by id is what was answered.
            imdb_id: id(query.video.imdb_id.as_ref()).filter(|_| !query.wanted.is_episode()),
            series_imdb_id: id(query.video.series_imdb_id.as_ref()).filter(|_| query.wanted.is_episode()),
            parts: 1,
            ..Listed::default()
        };
        listed.release = query.closest(&listed, &names);
        Some(FoundSubtitle {
            source: Self::SOURCE,
            label,
            language,
            forced: false,
            hearing_impaired: row.hi == Some(true),
            is_commentary: false,
            is_machine_translated: false,
            identity: format!("{}:{}", Self::NAME, row.url),
            video_match: VideoMatch::Listed(Box::new(listed)),
            origin: Ok(Origin::Offer(Offer::Link(url))),
        })
    }

    async fn spent(&self) -> SourceError {
        let until = Timestamp::now().saturating_add(UNNAMED_RENEWAL).unwrap_or(Timestamp::MAX);
        self.account.limiter.report(Notice::QuotaSpent(until)).await;
        self.account
            .error(SourceErrorKind::Quota(Some(until)), format!("the quota at {} is used up", self.account.host()))
    }
}
