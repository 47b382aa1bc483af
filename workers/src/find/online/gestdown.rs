//! Gestdown, a proxy of Addic7ed for episodes, as recorded traffic has it: a show by its TVDB id or name, then the
//! episode's subtitles of one language. No key.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use subtitle_contract::names::GESTDOWN;
use url::Url;

use super::{
    Offer, Query,
    account::{Account, UNNAMED_RENEWAL, is_page},
    turns::pace::{Call, Limits, Notice, Wish},
};
use crate::find::{Claims, Found, Listed, Origin, SourceError, Trouble, release::Release};

/// Nothing is published; a guest knocks twice a second.
pub const LIMITS: Limits = Limits { apart: Duration::from_millis(500), logins: &[] };
const ASK: Wish = Wish { call: Call::Ask, credentials: 0 };
const PAY: Wish = Wish { call: Call::Pay, credentials: 0 };

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

impl Gestdown {
    /// A client.
    pub fn new(account: Account) -> Self {
        Self { account }
    }

    /// None for films, and for files of several episodes: it has one at a time, which would be half a subtitle.
    pub(super) async fn list(&self, query: &Query<'_>) -> Result<Vec<Found>, SourceError> {
        let (Some(season), [episode]) = (query.wanted.season(), query.wanted.episodes()) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for show in self.shows(query).await? {
            for language in query.languages {
                let Some(code) = language.three_letters() else { continue };
                let path = format!("subtitles/get/{}/{season}/{episode}/{code}", escaped(&show.id));
                let answers: Option<Answers> = self.ask(&path).await?;
                let rows = answers.map(|answers| answers.matching_subtitles).unwrap_or_default();
                // Somebody is still at work on the others.
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
                    found.push(Found {
                        source: GESTDOWN,
                        label: version,
                        language: language.clone(),
                        forced: false,
                        hearing_impaired: row.hearing_impaired == Some(true),
                        is_machine_translated: false,
                        identity: format!("{GESTDOWN}:{}", row.subtitle_id),
                        claims: Claims::Listed(Box::new(listed)),
                        origin: Ok(Origin::Online(Offer::At(url))),
                    });
                }
            }
        }
        Ok(found)
    }

    /// The show by its id, else those that have its very name.
    async fn shows(&self, query: &Query<'_>) -> Result<Vec<Show>, SourceError> {
        if let Some(id) = query.video.tvdb_id {
            let shows: Option<Shows> = self.ask(&format!("shows/external/tvdb/{id}")).await?;
            return Ok(shows.map(|shows| shows.shows).unwrap_or_default());
        }
        let Some(title) = query.wanted.title() else { return Ok(Vec::new()) };
        let shows: Option<Shows> = self.ask(&format!("shows/search/{}", escaped(title))).await?;
        let is_same = |show: &Show| show.name.as_deref().is_some_and(|name| Release::is_same_title(title, name));
        Ok(shows.map(|shows| shows.shows).unwrap_or_default().into_iter().filter(is_same).collect())
    }

    /// None for 404: it knows no such thing.
    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, SourceError> {
        let url = self.account.url(path);
        let answer = self.account.ask(ASK, |_| false, url, |get| get).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::LOCKED => {
                let message =
                    format!("{} is refreshing what it knows of this show; later it will answer", self.account.host());
                Err(self.account.error(Trouble::Unavailable, message))
            }
            _ => self.account.json(&answer).map(Some),
        }
    }

    /// The file; a web page in its place is how its own quota is said.
    pub(super) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, SourceError> {
        if url.origin() != self.account.base.origin() {
            let linked = self.account.linked(url).await?;
            return linked.ok_or_else(|| self.account.error(Trouble::File, "the file is gone"));
        }
        let (url, answer) = self.account.followed(PAY, |_| false, url.clone(), |get| get).await?;
        let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if answer.status.is_success() && (kind.starts_with("text/html") || is_page(&answer.body)) {
            let until = Timestamp::now().saturating_add(UNNAMED_RENEWAL).unwrap_or(Timestamp::MAX);
            self.account.turns.note(Notice::Spent(until)).await;
            let message = format!(
                "{} sent a web page in the file's place, as it does when its quota is used up",
                self.account.host()
            );
            return Err(self.account.error(Trouble::Quota(Some(until)), message));
        }
        self.account.file_at(&url, answer).await
    }
}

fn escaped(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}
