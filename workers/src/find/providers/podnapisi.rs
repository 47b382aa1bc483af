//! Podnapisi.net, as recorded traffic has it: a search of pages, and a zip for each file. No key, no quota. Does I/O.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use reqwest::{RequestBuilder, header::ACCEPT};
use serde::Deserialize;
use subtitle_contract::{language::Language, names::PODNAPISI};
use url::Url;

use super::{
    access::Account,
    provider::{Provider, Setup},
    query::Query,
    rate_limit::{Call, Limits, PermitRequest},
};
use crate::{
    find::{FoundSubtitle, Listed, Offer, Origin, SourceError, VideoMatch, release::Release},
    subtitle::language::code,
};

/// The flags of Podnapisi.
#[derive(Args, Clone, Debug)]
pub struct PodnapisiArguments {
    /// Podnapisi's address, https://www.podnapisi.net; without it, Podnapisi is not asked
    #[arg(long, env = "SUBTITLES_PODNAPISI_URL", value_name = "URL")]
    podnapisi_url: Option<Url>,
}

/// No limit is published: one call a second.
const LIMITS: Limits = Limits { interval: Duration::from_secs(1), logins: &[] };
/// The most pages of a search.
const MOST_PAGES: u32 = 3;
const QUERY: PermitRequest = PermitRequest { call: Call::Query, credentials: 0 };

/// The client.
pub struct Podnapisi {
    account: Account,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    all_pages: u32,
    #[serde(default)]
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    language: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
    /// A text, such as `23.976`.
    fps: Option<serde_json::Value>,
    #[serde(default)]
    releases: Vec<String>,
    #[serde(default)]
    custom_releases: Vec<String>,
    num_cds: Option<usize>,
    movie: Option<Movie>,
    #[serde(default)]
    stats: Stats,
}

#[derive(Default, Deserialize)]
struct Stats {
    downloads: Option<u64>,
}

#[derive(Deserialize)]
struct Movie {
    title: Option<String>,
    year: Option<u16>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    episode_info: Option<Episode>,
    #[serde(default)]
    providers: Vec<String>,
}

#[derive(Deserialize)]
struct Episode {
    season: Option<u16>,
    episode: Option<u16>,
}

impl Provider for Podnapisi {
    const NAME: &'static str = PODNAPISI;
    const REQUIRED_SETTING: &'static str = "podnapisi.url in the chart or SUBTITLES_PODNAPISI_URL";
    type Arguments = PodnapisiArguments;

    fn from_arguments(arguments: PodnapisiArguments, setup: &Setup<'_>) -> Result<Option<Self>> {
        let Some(base) = arguments.podnapisi_url else { return Ok(None) };
        Ok(Some(Self { account: setup.account::<Self>(base, "", LIMITS)? }))
    }

    async fn list(&self, query: &Query<'_>) -> Result<Vec<FoundSubtitle>, SourceError> {
        let Some(title) = query.wanted.title() else { return Ok(Vec::new()) };
        let mut found: Vec<FoundSubtitle> = Vec::new();
        for language in codes(query.languages) {
            for page in 1..=MOST_PAGES {
                let url = self.address(query, title, &language, page);
                let with_headers = |get: RequestBuilder| get.header(ACCEPT, "application/json");
                let answer = self.account.get(QUERY, |_| false, url, with_headers).await?;
                let results: Page = self.account.json(&answer)?;
                for row in results.data {
                    let row = self.found(row, query);
                    // Pages overlap.
                    found.extend(row.filter(|row| !found.iter().any(|known| known.identity == row.identity)));
                }
                if page >= results.all_pages {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// A zip.
    async fn fetch(&self, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        let url = offer.link(Self::SOURCE)?;
        let (url, answer) = self.account.followed(QUERY, |_| false, url.clone(), |get| get).await?;
        self.account.file_at(&url, answer).await
    }
}

impl Podnapisi {
    fn address(&self, query: &Query<'_>, title: &str, language: &str, page: u32) -> Url {
        let mut url = self.account.url("subtitles/search/advanced");
        {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("keywords", title).append_pair("language", language);
            if query.wanted.is_episode() {
                pairs.append_pair("movie_type", "tv-series").append_pair("movie_type", "mini-series");
                if let Some(season) = query.wanted.season() {
                    pairs.append_pair("seasons", &season.to_string());
                }
                for episode in query.wanted.episodes() {
                    pairs.append_pair("episodes", &episode.to_string());
                }
            } else {
                pairs.append_pair("movie_type", "movie");
                if let Some(year) = query.wanted.year() {
                    pairs.append_pair("year", &year.to_string());
                }
            }
            pairs.append_pair("page", &page.to_string());
        }
        url
    }

    fn found(&self, row: Row, query: &Query<'_>) -> Option<FoundSubtitle> {
        let language = code::read(row.language.as_deref()?)?;
        // An id is a word; nothing else gets into the address.
        let is_word =
            |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_word(&row.id) {
            return None;
        }
        let mut url = self.account.url(&format!("subtitles/{}/download", row.id));
        url.set_query(Some("container=zip"));
        let names: Vec<&str> = row.releases.iter().chain(&row.custom_releases).map(String::as_str).collect();
        let label = names.first().map_or_else(|| row.id.clone(), |name| (*name).to_owned());
        let rate = row.fps.and_then(|fps| fps.as_f64().or_else(|| fps.as_str()?.parse().ok()));
        let flag = |name: &str| row.flags.iter().any(|flag| flag == name);
        let mut listed = Listed {
            frame_rate: rate.filter(|rate| *rate > 0.0),
            downloads: row.stats.downloads.unwrap_or(0),
            parts: row.num_cds.unwrap_or(1).max(1),
            ..row.movie.map(|movie| movie.listed(query)).unwrap_or_default()
        };
        listed.release = query.closest(&listed, &names);
        Some(FoundSubtitle {
            source: Self::SOURCE,
            label,
            language,
            forced: flag("foreign_part_only"),
            hearing_impaired: flag("hearing_impaired"),
            is_commentary: false,
            is_machine_translated: false,
            identity: format!("{}:{}", Self::NAME, row.id),
            video_match: VideoMatch::Listed(Box::new(listed)),
            origin: Ok(Origin::Offer(Offer::Link(url))),
        })
    }
}

impl Movie {
    fn listed(self, query: &Query<'_>) -> Listed {
        let is_episode = self.kind.as_deref().map(|kind| kind != "movie");
        let imdb = self.providers.iter().find_map(|provider| provider.strip_prefix("imdb:")?.parse().ok());
        // The one of its titles that is the video's, if any is.
        let is_ours = |title: &&String| query.wanted.title().is_some_and(|own| Release::is_same_title(own, title));
        let title = self.aliases.iter().find(is_ours).cloned().or(self.title);
        let (season, episode) = self.episode_info.map_or((None, None), |info| (info.season, info.episode));
        Listed {
            title,
            year: self.year.filter(|year| *year > 0),
            is_episode,
            season,
            episodes: episode.into_iter().collect(),
            // A series' rows do not say whether it is the series' or the episode's.
            imdb_id: imdb.filter(|_| is_episode == Some(false)),
            ..Listed::default()
        }
    }
}

/// Podnapisi's codes: two letters, and tags in lower case where they say more.
fn codes(languages: &[Language]) -> Vec<String> {
    let mut codes = Vec::new();
    for language in languages {
        let tag = language.as_str().to_ascii_lowercase();
        let code = if ["pt-br", "sr-latn"].contains(&tag.as_str()) { tag } else { language.primary().to_owned() };
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}
