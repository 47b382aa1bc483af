//! Gestdown, a proxy of Addic7ed for episodes, as recorded traffic has it: a show by its TVDB id or name, then the
//! episode's subtitles of one language. No key. Does I/O.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use subtitle_contract::names::GESTDOWN;
use url::Url;

use super::{
    access::{Account, DEFAULT_QUOTA_RESET, is_page},
    provider::{Provider, Setup},
    query::Query,
    rate_limit::{Call, Limits, Notice, PermitRequest},
};
use crate::find::{FoundSubtitle, Listed, Offer, Origin, SourceError, SourceErrorKind, VideoMatch, release::Release};

/// The flags of Gestdown.
#[derive(Args, Clone, Debug)]
pub struct GestdownArguments {
    /// Gestdown's address, https://api.gestdown.info; without it, Gestdown is not asked
    #[arg(long, env = "SUBTITLES_GESTDOWN_URL", value_name = "URL")]
    gestdown_url: Option<Url>,
}

/// No limit is published: two calls a second.
const LIMITS: Limits = Limits { interval: Duration::from_millis(500), logins: &[] };
const QUERY: PermitRequest = PermitRequest { call: Call::Query, credentials: 0 };
const DOWNLOAD: PermitRequest = PermitRequest { call: Call::Download, credentials: 0 };

/// The client.
pub struct Gestdown {
    account: Account,
}

#[derive(Deserialize)]
struct Shows {
    #[serde(default)]
    shows: Vec<Show>,
}

#[derive(Deserialize)]
struct Show {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    #[serde(default)]
    matching_subtitles: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    subtitle_id: String,
    version: Option<String>,
    completed: Option<bool>,
    hearing_impaired: Option<bool>,
    download_uri: String,
    download_count: Option<u64>,
}

impl Provider for Gestdown {
    const NAME: &'static str = GESTDOWN;
    const REQUIRED_SETTING: &'static str = "gestdown.url in the chart or SUBTITLES_GESTDOWN_URL";
    type Arguments = GestdownArguments;

    fn from_arguments(arguments: GestdownArguments, setup: &Setup<'_>) -> Result<Option<Self>> {
        let Some(base) = arguments.gestdown_url else { return Ok(None) };
        Ok(Some(Self { account: setup.account::<Self>(base, "", LIMITS)? }))
    }

    /// Nothing for films, nor for files of several episodes: it has one episode at a time.
    async fn list(&self, query: &Query<'_>) -> Result<Vec<FoundSubtitle>, SourceError> {
        let (Some(season), [episode]) = (query.wanted.season(), query.wanted.episodes()) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for show in self.shows(query).await? {
            for language in query.languages {
                let Some(code) = language.iso_639_3() else { continue };
                let path = format!("subtitles/get/{}/{season}/{episode}/{code}", escaped(&show.id));
                let answers: Option<Answers> = self.request(&path).await?;
                let rows = answers.map(|answers| answers.matching_subtitles).unwrap_or_default();
                // The others are not finished.
                for row in rows.into_iter().filter(|row| row.completed != Some(false)) {
                    let Ok(url) = self.account.base.join(&row.download_uri) else { continue };
                    let version = row.version.unwrap_or_default();
                    let mut listed = Listed {
                        title: show.name.clone(),
                        is_episode: Some(true),
                        season: Some(season),
                        episodes: vec![*episode],
                        downloads: row.download_count.unwrap_or(0),
                        parts: 1,
                        ..Listed::default()
                    };
                    listed.release = query.closest(&listed, &[&version]);
                    found.push(FoundSubtitle {
                        source: Self::SOURCE,
                        label: version,
                        language: language.clone(),
                        forced: false,
                        hearing_impaired: row.hearing_impaired == Some(true),
                        is_commentary: false,
                        is_machine_translated: false,
                        identity: format!("{}:{}", Self::NAME, row.subtitle_id),
                        video_match: VideoMatch::Listed(Box::new(listed)),
                        origin: Ok(Origin::Offer(Offer::Link(url))),
                    });
                }
            }
        }
        Ok(found)
    }

    /// The file; a web page in its place means that its quota is used up.
    async fn fetch(&self, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        let url = offer.link(Self::SOURCE)?;
        if url.origin() != self.account.base.origin() {
            let linked = self.account.linked(url).await?;
            return linked.ok_or_else(|| self.account.error(SourceErrorKind::File, "the file no longer exists"));
        }
        let (url, answer) = self.account.followed(DOWNLOAD, |_| false, url.clone(), |get| get).await?;
        let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if answer.status.is_success() && (kind.starts_with("text/html") || is_page(&answer.body)) {
            let until = Timestamp::now().saturating_add(DEFAULT_QUOTA_RESET).unwrap_or(Timestamp::MAX);
            self.account.limiter.report(Notice::QuotaSpent(until)).await;
            let message = format!(
                "{} sent a web page in the file's place, as it does when its quota is used up",
                self.account.host()
            );
            return Err(self.account.error(SourceErrorKind::Quota(Some(until)), message));
        }
        self.account.file_at(&url, answer).await
    }
}

impl Gestdown {
    /// The show by its id, else those that have its very name.
    async fn shows(&self, query: &Query<'_>) -> Result<Vec<Show>, SourceError> {
        if let Some(id) = query.video.tvdb_id {
            let shows: Option<Shows> = self.request(&format!("shows/external/tvdb/{id}")).await?;
            return Ok(shows.map(|shows| shows.shows).unwrap_or_default());
        }
        let Some(title) = query.wanted.title() else { return Ok(Vec::new()) };
        let shows: Option<Shows> = self.request(&format!("shows/search/{}", escaped(title))).await?;
        let is_same = |show: &Show| show.name.as_deref().is_some_and(|name| Release::is_same_title(title, name));
        Ok(shows.map(|shows| shows.shows).unwrap_or_default().into_iter().filter(is_same).collect())
    }

    /// `None` for 404.
    async fn request<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, SourceError> {
        let url = self.account.url(path);
        let answer = self.account.get(QUERY, |_| false, url, |get| get).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::LOCKED => {
                let message =
                    format!("{} is refreshing what it knows of this show; later it will answer", self.account.host());
                Err(self.account.error(SourceErrorKind::Unavailable, message))
            }
            _ => self.account.json(&answer).map(Some),
        }
    }
}

fn escaped(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}
