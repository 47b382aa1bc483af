//! How well a provider's subtitle fits a video: what was asked and what the provider says come in, a score with its
//! parts goes out. The weights are subliminal's, in which each tier outranks everything below it, scaled to
//! 0–100; a hash counts like all of them, but only once the identity agrees. Pure.

use std::fmt::Write as _;

use subtitle_contract::job::Video;

use crate::find::{found::Listed, release::Release};

/// What is known of the video: what the spec says, and where it is silent, what its file or release is called.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub(super) title: Option<String>,
    /// Whether the spec gives the title, or the file is named like a release: any file has some name.
    pub(super) is_title_certain: bool,
    pub(super) year: Option<u16>,
    pub(super) season: Option<u16>,
    pub(super) episodes: Vec<u16>,
    pub(super) imdb_id: Option<u64>,
    pub(super) series_imdb_id: Option<u64>,
    pub(super) tmdb_id: Option<u64>,
    pub(super) release: Release,
}

fn digits(id: Option<&String>) -> Option<u64> {
    id?.trim_start_matches("tt").parse().ok()
}

impl Wanted {
    /// Reads a spec's video.
    pub fn new(video: &Video) -> Self {
        let from_url = video.url.as_deref().and_then(|url| url.split(['?', '#']).next());
        let decoded = from_url.map(|url| percent_encoding::percent_decode_str(url).decode_utf8_lossy().into_owned());
        let name = video.release_name.as_ref().or(video.path.as_ref()).or(decoded.as_ref());
        let release = name.map(|name| Release::read(name)).unwrap_or_default();
        let mut episodes = video.episodes.clone().unwrap_or_else(|| release.episodes.clone());
        episodes.sort_unstable();
        Self {
            is_title_certain: video.title.is_some() || release.is_built(),
            title: video.title.clone().or_else(|| release.title.clone()),
            year: video.year.or(release.year),
            season: video.season.or(release.season),
            episodes,
            imdb_id: digits(video.imdb_id.as_ref()),
            series_imdb_id: digits(video.series_imdb_id.as_ref()),
            tmdb_id: video.tmdb_id.map(u64::from),
            release,
        }
    }

    /// Whether it is an episode rather than a film.
    pub fn is_episode(&self) -> bool {
        self.season.is_some() || !self.episodes.is_empty()
    }

    /// The title to search for.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The season to search for.
    pub fn season(&self) -> Option<u16> {
        self.season
    }

    /// The episodes to search for, ascending.
    pub fn episodes(&self) -> &[u16] {
        &self.episodes
    }

    /// The year to search for.
    pub fn year(&self) -> Option<u16> {
        self.year
    }

    pub(super) fn has_id(&self, listed: &Listed) -> bool {
        let same = |one: Option<u64>, other: Option<u64>| one.is_some() && one == other;
        same(self.imdb_id, listed.imdb_id) || same(self.tmdb_id, listed.tmdb_id)
    }

    /// The score of what does not contradict.
    pub fn score(&self, listed: &Listed) -> Score {
        let own = &self.release.tags;
        let other = &listed.release.tags;
        let same_title = self.title.as_deref().zip(listed.title.as_deref());
        let same_title = same_title.is_some_and(|(one, other)| Release::is_same_title(one, other));
        let by_id = self.has_id(listed);
        let series_id = self.series_imdb_id.is_some() && self.series_imdb_id == listed.series_imdb_id;
        let year = self.year.is_some() && self.year == listed.year.or(listed.release.year);
        let group = self.release.group.as_deref().zip(listed.release.group.as_deref());
        let group = group.is_some_and(|(one, other)| one.eq_ignore_ascii_case(other));
        let same = |one: Option<&str>, other: Option<&str>| one.is_some() && one == other;
        let release = [
            ("release group", group, 18),
            ("streaming service", same(own.service, other.service), 18),
            ("edition", same(own.edition, other.edition), 9),
            ("source", same(own.source, other.source), 4),
            ("audio", same(own.audio_codec, other.audio_codec), 2),
            ("resolution", own.resolution.is_some() && own.resolution == other.resolution, 1),
            ("video", same(own.video_codec, other.video_codec), 1),
        ];
        let identity = if self.is_episode() {
            let episode = !self.episodes.is_empty() && self.episodes == listed.stated_episodes();
            let season = self.season.is_some() && self.season == listed.stated_season();
            vec![
                ("series", by_id || series_id || same_title, 486),
                ("year", by_id || series_id || year, 162),
                ("season", by_id || season, 54),
                ("episode", by_id || episode, 54),
            ]
        } else {
            vec![("title", by_id || same_title, 162), ("year", by_id || year, 54)]
        };
        let most = identity.iter().chain(&release).map(|(.., weight)| weight).sum();
        let matched: Vec<(&str, u16)> = identity
            .into_iter()
            .chain(release)
            .filter(|(_, is_match, _)| *is_match)
            .map(|(name, _, weight)| (name, weight))
            .collect();
        if listed.is_hash_match {
            return Score { parts: vec![("hash", most)], most };
        }
        Score { parts: matched, most }
    }
}

/// What agrees, and how much that is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    parts: Vec<(&'static str, u16)>,
    most: u16,
}

impl Score {
    /// For what belongs to the video without anybody's saying so.
    pub fn certain() -> Self {
        Self { parts: Vec::new(), most: 0 }
    }

    /// 0 to 100.
    pub fn percent(&self) -> u8 {
        let sum: u32 = self.parts.iter().map(|(_, weight)| u32::from(*weight)).sum();
        match self.most {
            0 => 100,
            most => u8::try_from((sum * 100 + u32::from(most) / 2) / u32::from(most)).unwrap_or(100),
        }
    }

    /// The parts for a person, such as `title 60, year 20`; empty where nothing had to be compared.
    pub fn explained(&self) -> String {
        let mut text = String::new();
        for (name, weight) in &self.parts {
            let separator = if text.is_empty() { "" } else { ", " };
            let share = (u32::from(*weight) * 1000 / u32::from(self.most.max(1)) + 5) / 10;
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{name} {share}");
        }
        text
    }
}
