//! What is searched for, in the only form that is answered without a redirect: parameters sorted, lower case, nothing
//! that is the default, ids without `tt` and leading zeros. Pure.

use crate::{find::providers::query::Query, subtitle::language::code::CodeSystem};

/// The searches that find a video, best first; each is a list of parameters.
pub(super) fn searches(query: &Query<'_>) -> Vec<Vec<(&'static str, String)>> {
    let video = query.video;
    let digits =
        |id: &Option<String>| id.as_ref().map(|id| id.trim_start_matches("tt").trim_start_matches('0').to_owned());
    let episode = || -> Vec<(&'static str, String)> {
        let season = query.wanted.season().map(|season| ("season_number", season.to_string()));
        // A file of several episodes is looked up by its first.
        let first = query.wanted.episodes().first().map(|episode| ("episode_number", episode.to_string()));
        season.into_iter().chain(first).collect()
    };
    let mut searches = Vec::new();
    if let Some(hash) = &query.hash {
        searches.push(vec![("moviehash", hash.clone())]);
    }
    let by_title = || {
        let title = query.wanted.title()?.to_lowercase();
        let kind = if query.wanted.is_episode() { "episode" } else { "movie" };
        Some([vec![("query", title), ("type", kind.to_owned())], episode()].concat())
    };
    // With an episode's own id, season and episode would only get in the way.
    let by_id = match (digits(&video.imdb_id), digits(&video.series_imdb_id), video.tmdb_id) {
        (Some(id), ..) => Some(vec![("imdb_id", id)]),
        (None, Some(series), _) if !episode().is_empty() => {
            Some([vec![("parent_imdb_id", series)], episode()].concat())
        }
        (None, _, Some(id)) if !query.wanted.is_episode() => Some(vec![("tmdb_id", id.to_string())]),
        _ => None,
    };
    searches.extend(by_id.or_else(by_title));
    let mut languages: Vec<String> =
        query.languages.iter().map(|language| CodeSystem::OpenSubtitles.code(language)).collect();
    languages.sort_unstable();
    languages.dedup();
    for search in &mut searches {
        search.push(("languages", languages.join(",")));
        // Listed so that a status can say why they lose.
        search.push(("machine_translated", "include".to_owned()));
    }
    searches
}

/// The query string of one page.
pub(super) fn canonical(search: &[(&'static str, String)], page: u32) -> String {
    let mut pairs = search.to_vec();
    if page > 1 {
        pairs.push(("page", page.to_string()));
    }
    pairs.sort_unstable();
    let encoded = |(name, value): &(&str, String)| {
        let value: String = url::form_urlencoded::byte_serialize(value.to_lowercase().as_bytes()).collect();
        // A list's commas stay as they are.
        format!("{name}={}", value.replace("%2C", ","))
    };
    pairs.iter().map(encoded).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use subtitle_contract::{job::Video, language::Language};

    use super::*;

    fn addresses(video: serde_json::Value, hash: Option<&str>) -> Vec<String> {
        let video: Video = serde_json::from_value(video).expect("a video");
        let languages = ["pt-BR", "en", "es-MX", "es"].map(|tag| Language::parse(tag).expect("a tag"));
        let query = Query::new(&video, &languages, hash.map(str::to_owned));
        searches(&query).iter().map(|search| canonical(search, 1)).collect()
    }

    #[test]
    fn addresses_are_sorted_lower_case_and_without_zeros() {
        let rest = "languages=en,es,pt-br&machine_translated=include";
        for (video, expected) in [
            (json!({"imdbId": "tt0133093"}), format!("imdb_id=133093&{rest}")),
            (json!({"tmdbId": 603, "title": "X"}), format!("{rest}&tmdb_id=603")),
            (json!({"title": "The Harbour, É"}), format!("{rest}&query=the+harbour,+%C3%A9&type=movie")),
            (
                json!({"seriesImdbId": "tt0903747", "season": 1, "episodes": [2]}),
                format!("episode_number=2&{rest}&parent_imdb_id=903747&season_number=1"),
            ),
            (
                json!({"title": "Low Tide", "season": 7, "episodes": [10, 11]}),
                format!("episode_number=10&{rest}&query=low+tide&season_number=7&type=episode"),
            ),
        ] {
            assert_eq!(addresses(video, None), [expected]);
        }
        let both = addresses(json!({"title": "A"}), Some("5b8f8f4e41ccb21e"));
        assert_eq!(both[0], "languages=en,es,pt-br&machine_translated=include&moviehash=5b8f8f4e41ccb21e");
        assert_eq!(canonical(&[("query", "A".to_owned())], 2), "page=2&query=a");
    }
}
