//! SubDL, as its users' code has it: one search, and a zip for each file. The key is in the address, so that no
//! address gets into a message.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use subtitle_contract::names::SUBDL;
use url::Url;

use super::{
    Offer, Query,
    account::{Account, Answer, UNNAMED_RENEWAL},
    credentials::CredentialFiles,
    turns::pace::{Call, Limits, Notice, Wish},
};
use crate::{
    find::{Claims, Found, Listed, Origin, SourceError, Trouble},
    language_code::{self, Speaker},
};

/// Nothing is published; twice a second.
pub const LIMITS: Limits = Limits { apart: Duration::from_millis(500), logins: &[] };

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

/// 500 is also how a used-up quota is said.
fn is_spent(answer: &Answer) -> bool {
    answer.status == StatusCode::INTERNAL_SERVER_ERROR
        && String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains("download limit exceeded")
}

impl SubDl {
    /// A client for one key.
    pub fn new(account: Account, files: CredentialFiles, downloads: Url) -> Self {
        Self { account, files, downloads }
    }

    pub(super) async fn list(&self, query: &Query<'_>) -> Result<Vec<Found>, SourceError> {
        let credentials = self.files.read().map_err(|message| self.account.error(Trouble::Forbidden, message))?;
        let Some(url) = self.address(query, credentials.key.reveal()) else { return Ok(Vec::new()) };
        let wish = Wish { call: Call::Ask, credentials: credentials.fingerprint };
        let asked = self.account.ask(wish, is_spent, url, |get| get).await;
        let answer = asked.map_err(|error| credentials.hide(error))?;
        if matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) {
            self.account.turns.note(Notice::Refused(credentials.fingerprint)).await;
            return Err(credentials.hide(self.account.unexpected(&answer)));
        }
        if is_spent(&answer) {
            return Err(self.spent().await);
        }
        let answers: Answers = self.account.json(&answer).map_err(|error| credentials.hide(error))?;
        if answers.status == Some(false) {
            let said = answers.error.unwrap_or_default();
            // Its words for a work or a subtitle that it does not know.
            let is_unknown = said.is_empty() || said.to_ascii_lowercase().contains("find");
            let error =
                || self.account.error(Trouble::Unavailable, format!("{} answered: {said}", self.account.host()));
            return if is_unknown { Ok(Vec::new()) } else { Err(credentials.hide(error())) };
        }
        let work = answers.results.into_iter().next();
        Ok(answers.subtitles.iter().filter_map(|row| self.found(row, work.as_ref(), query)).collect())
    }

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
            let mut languages: Vec<String> = query.languages.iter().map(|one| Speaker::SubDl.code(one)).collect();
            languages.sort_unstable();
            languages.dedup();
            pairs.append_pair("languages", &languages.join(","));
            pairs.append_pair("subs_per_page", "30").append_pair("releases", "1").append_pair("comment", "1");
        }
        Some(url)
    }

    fn found(&self, row: &Row, work: Option<&Work>, query: &Query<'_>) -> Option<Found> {
        let language = language_code::read(row.language.as_deref()?)?;
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
        Some(Found {
            source: SUBDL,
            label,
            language,
            forced: false,
            hearing_impaired: row.hi == Some(true),
            is_machine_translated: false,
            identity: format!("{SUBDL}:{}", row.url),
            claims: Claims::Listed(Box::new(listed)),
            origin: Ok(Origin::Online(Offer::At(url))),
        })
    }

    async fn spent(&self) -> SourceError {
        let until = Timestamp::now().saturating_add(UNNAMED_RENEWAL).unwrap_or(Timestamp::MAX);
        self.account.turns.note(Notice::Spent(until)).await;
        self.account.error(Trouble::Quota(Some(until)), format!("the quota at {} is used up", self.account.host()))
    }

    /// The zip, which needs no key.
    pub(super) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, SourceError> {
        let credentials = self.files.read().map_err(|message| self.account.error(Trouble::Forbidden, message))?;
        let wish = Wish { call: Call::Pay, credentials: credentials.fingerprint };
        let (url, answer) = self.account.followed(wish, is_spent, url.clone(), |get| get).await?;
        if is_spent(&answer) {
            return Err(self.spent().await);
        }
        self.account.file_at(&url, answer).await
    }
}
