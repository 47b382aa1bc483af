//! Whether a provider's subtitle is certainly for another work: what was asked, what the provider says and what the release's
//! name says come in, the contradiction goes out. A matching hash does not outweigh it. Pure.

use super::score::Wanted;
use crate::find::{found::Listed, release::Release};

impl Wanted {
    /// Why it is certainly another work; a matching hash does not outweigh this.
    pub fn contradiction(&self, listed: &Listed) -> Option<String> {
        self.other_kind(listed)
            .or_else(|| self.other_id(listed))
            .or_else(|| self.other_episode(listed))
            .or_else(|| self.extra(listed))
            .or_else(|| if self.has_id(listed) { None } else { self.other_year(listed) })
            .or_else(|| if self.has_id(listed) { None } else { self.other_title(listed) })
    }

    fn other_kind(&self, listed: &Listed) -> Option<String> {
        let is_numbered = !listed.release.episodes.is_empty() && listed.release.season.is_some();
        let is_episode = listed.is_episode.or(is_numbered.then_some(true))?;
        let kind = |is_episode| if is_episode { "an episode" } else { "a film" };
        (is_episode != self.is_episode()).then(|| format!("is for {}, not for {}", kind(is_episode), kind(!is_episode)))
    }

    fn other_id(&self, listed: &Listed) -> Option<String> {
        let differs = |one: Option<u64>, other: Option<u64>| one.zip(other).filter(|(one, other)| one != other);
        let pairs = [
            ("IMDb", differs(self.imdb_id, listed.imdb_id)),
            ("the series' IMDb", differs(self.series_imdb_id, listed.series_imdb_id)),
            ("TMDB", differs(self.tmdb_id, listed.tmdb_id)),
        ];
        let (name, (wanted, other)) = pairs.into_iter().find_map(|(name, pair)| Some((name, pair?)))?;
        Some(format!("has {name} id {other}, not {wanted}"))
    }

    /// By the provider, and by the release's name where that has a season: providers file subtitles under wrong episodes.
    fn other_episode(&self, listed: &Listed) -> Option<String> {
        if let Some(other) = listed.stated_season().filter(|other| self.season.is_some_and(|own| own != *other)) {
            return Some(format!("is for season {other}"));
        }
        let is_other =
            |episodes: &[u16]| !self.episodes.is_empty() && !episodes.is_empty() && episodes != self.episodes;
        let stated = listed.stated_episodes();
        // A number without a season counts from the first episode of all, as the video's own name may do.
        let is_absolute = listed.stated_season().is_none() && self.release.season.is_none();
        // A video of two episodes needs both; one of them alone is half a subtitle.
        if is_other(stated) && !(is_absolute && stated == self.release.episodes) {
            return Some(format!("is for episodes {stated:?}, not {:?}", self.episodes));
        }
        let Release { season: Some(season), episodes, .. } = &listed.release else { return None };
        let is_other = self.season.is_some_and(|own| own != *season) || is_other(episodes);
        is_other.then(|| format!("is made for a release of season {season}, episodes {episodes:?}"))
    }

    fn extra(&self, listed: &Listed) -> Option<String> {
        let extra = listed.release.extra?;
        let is_wanted = self.release.extra == Some(extra)
            || self.title.as_ref().is_some_and(|title| title.to_lowercase().contains(extra));
        (!is_wanted).then(|| format!("is for something beside the video: {extra}"))
    }

    fn other_year(&self, listed: &Listed) -> Option<String> {
        let differs = |one: Option<u16>, other: Option<u16>| {
            one.zip(other).filter(|(one, other)| one.abs_diff(*other) > 1).map(|(_, other)| other)
        };
        if self.is_episode() {
            // A year in a release's name tells series of one title apart; a provider's may be the episode's.
            let other = differs(self.release.year, listed.release.year)?;
            return Some(format!("is for the series of {other}"));
        }
        if let Some(other) = differs(self.year, listed.year.or(listed.release.year)) {
            return Some(format!("is for a film of {other}"));
        }
        // A remake's files are filed under the film that the provider took the search for; a number may be of the title.
        let is_title = |year: &u16| self.title.as_ref().is_some_and(|title| title.contains(&year.to_string()));
        let other = differs(self.year, listed.release.year).filter(|year| !is_title(year))?;
        Some(format!("is made for a release of {other}"))
    }

    fn other_title(&self, listed: &Listed) -> Option<String> {
        let own = self.title.as_deref().filter(|_| self.is_title_certain)?;
        let by_release = listed.release.title.as_deref().filter(|_| listed.release.is_built());
        if let Some(other) = listed.title.as_deref().or(by_release).filter(|other| !Release::is_same_title(own, other))
        {
            return Some(format!("is for '{other}'"));
        }
        // A film's parts are filed under one title by some.
        let other = by_release.filter(|other| !self.is_episode() && Release::is_other_part(own, other))?;
        Some(format!("is made for a release of '{other}'"))
    }
}
