//! SubDL's API (undocumented; reconstructed from client code): one search request, one zip per subtitle. The API key is a
//! query parameter, so URLs must never appear in messages. Does I/O.

use std::{path::PathBuf, time::Duration};

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use subtitle_contract::names::SUBDL;
use url::Url;

use super::{
    access::{Account, Answer, CredentialFiles, DEFAULT_QUOTA_RESET},
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
    /// Path of the file with the SubDL API key; enables this provider
    #[arg(long, env = "SUBTITLES_SUBDL_KEY_FILE", value_name = "FILE")]
    subdl_key_file: Option<PathBuf>,
    /// Base URL of the SubDL API [default: https://api.subdl.com/api/v1]
    #[arg(long, env = "SUBTITLES_SUBDL_URL", value_name = "URL")]
    subdl_url: Option<Url>,
    /// Base URL of SubDL downloads [default: https://dl.subdl.com]
    #[arg(long, env = "SUBTITLES_SUBDL_DOWNLOAD_URL", value_name = "URL")]
    subdl_download_url: Option<Url>,
}

const API_URL: &str = "https://api.subdl.com/api/v1";
const DOWNLOAD_URL: &str = "https://dl.subdl.com";

/// SubDL publishes no rate limit; we limit ourselves to two calls per second.
const LIMITS: Limits = Limits { interval: Duration::from_millis(500), logins: &[] };

/// The client.
pub struct SubDl {
    account: Account,
    files: CredentialFiles,
    download_url: Url,
}

#[derive(Deserialize)]
struct SearchResponse {
    status: Option<bool>,
    error: Option<String>,
    #[serde(default)]
    subtitles: Vec<SubtitleEntry>,
    #[serde(default)]
    results: Vec<MatchedTitle>,
}

/// The title that the search matched.
#[derive(Deserialize)]
struct MatchedTitle {
    name: Option<String>,
    year: Option<u16>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct SubtitleEntry {
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

/// SubDL signals an exhausted quota with status 500 and this text.
fn is_quota_exceeded(answer: &Answer) -> bool {
    answer.status == StatusCode::INTERNAL_SERVER_ERROR
        && String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains("download limit exceeded")
}

impl Provider for SubDl {
    const NAME: &'static str = SUBDL;
    const REQUIRED_SETTING: &'static str = "subdl.existingSecret in the chart or SUBTITLES_SUBDL_KEY_FILE";
    type Arguments = SubDlArguments;

    fn from_arguments(arguments: SubDlArguments, setup: &Setup<'_>) -> Result<Option<Self>> {
        let SubDlArguments { subdl_key_file, subdl_url, subdl_download_url } = arguments;
        let Some(key) = subdl_key_file else { return Ok(None) };
        let files = CredentialFiles { key, login: None };
        let user = files.user().map_err(|message| anyhow!("{}: {message}", Self::NAME))?;
        let base = subdl_url.map_or_else(|| Url::parse(API_URL), Ok)?;
        let download_url = subdl_download_url.map_or_else(|| Url::parse(DOWNLOAD_URL), Ok)?;
        Ok(Some(Self { account: setup.account::<Self>(base, &user, LIMITS)?, files, download_url }))
    }

    async fn list(&self, query: &Query<'_>) -> Result<Vec<FoundSubtitle>, SourceError> {
        let credentials =
            self.files.read().map_err(|message| self.account.error(SourceErrorKind::Forbidden, message))?;
        let Some(url) = self.address(query, credentials.key.reveal()) else { return Ok(Vec::new()) };
        let permit = PermitRequest { call: Call::Query, credentials: credentials.fingerprint };
        let asked = self.account.get(permit, is_quota_exceeded, url, |get| get).await;
        let answer = asked.map_err(|error| credentials.hide(error))?;
        if matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) {
            self.account.limiter.report(Notice::CredentialsRefused(credentials.fingerprint)).await;
            return Err(credentials.hide(self.account.unexpected(&answer)));
        }
        if is_quota_exceeded(&answer) {
            return Err(self.report_quota_exceeded().await);
        }
        let answers: SearchResponse = self.account.json(&answer).map_err(|error| credentials.hide(error))?;
        if answers.status == Some(false) {
            let reason = answers.error.unwrap_or_default();
            // SubDL reports an unknown title as an error.
            let is_unknown = reason.is_empty() || reason.to_ascii_lowercase().contains("find");
            let error = || {
                self.account.error(SourceErrorKind::Unavailable, format!("{} answered: {reason}", self.account.host()))
            };
            return if is_unknown { Ok(Vec::new()) } else { Err(credentials.hide(error())) };
        }
        let work = answers.results.into_iter().next();
        Ok(answers.subtitles.iter().filter_map(|row| self.found(row, work.as_ref(), query)).collect())
    }

    /// A zip. Its URL carries no key, so that errors have nothing to hide.
    async fn fetch(&self, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        let url = offer.link(Self::SOURCE)?;
        let credentials =
            self.files.read().map_err(|message| self.account.error(SourceErrorKind::Forbidden, message))?;
        let permit = PermitRequest { call: Call::Download, credentials: credentials.fingerprint };
        let (url, answer) = self.account.followed(permit, is_quota_exceeded, url.clone(), |get| get).await?;
        if is_quota_exceeded(&answer) {
            return Err(self.report_quota_exceeded().await);
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

    fn found(&self, row: &SubtitleEntry, work: Option<&MatchedTitle>, query: &Query<'_>) -> Option<FoundSubtitle> {
        let language = code::read(row.language.as_deref()?)?;
        let url = self.download_url.join(row.url.trim_start_matches('/')).ok()?;
        if url.origin() != self.download_url.origin() {
            return None;
        }
        let names: Vec<&str> =
            [&row.release_name, &row.name].into_iter().flatten().chain(&row.releases).map(String::as_str).collect();
        let label = names.first().map_or_else(|| row.url.clone(), |name| (*name).to_owned());
        let is_episode = row.season.is_some_and(|season| season > 0);
        let episodes = match (row.episode_from.filter(|from| *from > 0), row.episode_end) {
            // From a season pack the wanted episode is extracted later, so a pack that covers it lists no episodes.
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
            // A search by id returns only that title.
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

    async fn report_quota_exceeded(&self) -> SourceError {
        let until = Timestamp::now().saturating_add(DEFAULT_QUOTA_RESET).unwrap_or(Timestamp::MAX);
        self.account.limiter.report(Notice::QuotaSpent(until)).await;
        self.account
            .error(SourceErrorKind::Quota(Some(until)), format!("the quota at {} is used up", self.account.host()))
    }
}
