//! Rows of a search: what the provider says comes in, a candidate goes out. Of 1,552 recorded rows, every field
//! but the ids was missing somewhere. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::{
    find::{
        FoundSubtitle, Listed, Offer, Origin, VideoMatch, providers::query::Query, release::Release, source::SourceId,
    },
    subtitle::language::code,
};

#[derive(Default, Deserialize)]
pub(super) struct Page {
    pub(super) total_pages: Option<u32>,
    #[serde(default)]
    pub(super) data: Vec<Row>,
}

#[derive(Deserialize)]
pub(super) struct Row {
    attributes: Attributes,
}

/// A value, or `None` where it is null or of another kind than it should be.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    #[serde(deserialize_with = "lenient")]
    language: Option<String>,
    #[serde(deserialize_with = "lenient")]
    download_count: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    hearing_impaired: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    fps: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    votes: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    from_trusted: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    foreign_parts_only: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    upload_date: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    ai_translated: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    machine_translated: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    moviehash_match: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    nb_cd: Option<usize>,
    #[serde(deserialize_with = "lenient")]
    release: Option<String>,
    #[serde(deserialize_with = "lenient")]
    feature_details: Option<Feature>,
    #[serde(deserialize_with = "lenient")]
    files: Option<Vec<File>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Feature {
    #[serde(rename = "feature_type", deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(deserialize_with = "lenient")]
    title: Option<String>,
    #[serde(deserialize_with = "lenient")]
    year: Option<u16>,
    #[serde(deserialize_with = "lenient")]
    imdb_id: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    tmdb_id: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    season_number: Option<u16>,
    #[serde(deserialize_with = "lenient")]
    episode_number: Option<u16>,
    #[serde(deserialize_with = "lenient")]
    parent_title: Option<String>,
    #[serde(deserialize_with = "lenient")]
    parent_imdb_id: Option<u64>,
}

#[derive(Deserialize)]
struct File {
    file_id: u64,
    #[serde(default, deserialize_with = "lenient")]
    file_name: Option<String>,
}

impl Row {
    /// The candidate that the row is; `None` without a file or a single language.
    pub(super) fn found(self, query: &Query<'_>, source: SourceId) -> Option<FoundSubtitle> {
        let row = self.attributes;
        let language = code::read(row.language.as_deref()?)?;
        let mut files = row.files.unwrap_or_default();
        let parts = files.len().max(row.nb_cd.unwrap_or(1));
        let file = if files.is_empty() { return None } else { files.swap_remove(0) };
        let feature = row.feature_details.unwrap_or_default();
        let is_episode = feature.kind.as_deref().and_then(|kind| match kind {
            "Episode" => Some(true),
            "Movie" => Some(false),
            _ => None,
        });
        let is_film = is_episode == Some(false);
        let names: Vec<&str> = [&row.release, &file.file_name].into_iter().flatten().map(String::as_str).collect();
        let label = names.first().map_or_else(|| format!("file {}", file.file_id), |name| (*name).to_owned());
        let mut listed = Listed {
            title: if is_film { feature.title } else { feature.parent_title.or(feature.title) },
            year: feature.year.filter(|year| *year > 0),
            is_episode,
            season: feature.season_number,
            episodes: feature.episode_number.into_iter().collect(),
            imdb_id: feature.imdb_id.filter(|id| *id > 0),
            series_imdb_id: feature.parent_imdb_id.filter(|id| *id > 0),
            // An episode has an id of its own, which no spec contains.
            tmdb_id: feature.tmdb_id.filter(|id| is_film && *id > 0),
            is_hash_match: row.moviehash_match == Some(true),
            release: Release::default(),
            frame_rate: row.fps.filter(|rate| *rate > 0.0),
            is_off_speed: false,
            is_trusted: row.from_trusted == Some(true),
            downloads: row.download_count.unwrap_or(0),
            votes: row.votes.unwrap_or(0),
            uploaded: row.upload_date,
            is_ai_translated: row.ai_translated == Some(true),
            parts,
        };
        listed.release = query.closest(&listed, &names);
        // A file of two episodes is filed under its first.
        if listed.episodes.iter().any(|first| listed.release.episodes.first() == Some(first)) {
            listed.episodes.clone_from(&listed.release.episodes);
        }
        Some(FoundSubtitle {
            source,
            label,
            language,
            forced: row.foreign_parts_only == Some(true),
            hearing_impaired: row.hearing_impaired == Some(true),
            is_commentary: false,
            is_machine_translated: row.machine_translated == Some(true),
            identity: format!("{source}:{}", file.file_id),
            video_match: VideoMatch::Listed(Box::new(listed)),
            origin: Ok(Origin::Offer(Offer::Id(file.file_id))),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use subtitle_contract::{job::Video, language::Language};

    use super::*;

    #[test]
    fn rows_full_of_nulls_and_wrong_kinds_are_read_and_rows_without_a_file_or_language_are_not() {
        let video = Video { title: Some("The Harbour".to_owned()), ..Video::default() };
        let languages = [Language::parse("es").expect("a tag")];
        let query = Query::new(&video, &languages, None);
        let page = json!({"total_pages": 1, "data": [
            {"attributes": {"language": "pt-br", "fps": 0.0, "votes": null, "from_trusted": null, "comments": null,
                "upload_date": "yesterday", "feature_details": {"feature_type": "Movie", "title": "The Harbour",
                "year": null, "imdb_id": null, "tmdb_id": 7}, "files": [{"file_id": 1, "file_name": null}]}},
            {"attributes": {"language": "ze", "files": [{"file_id": 2}]}},
            {"attributes": {"language": "es", "files": []}},
            {"attributes": {"language": "es", "nb_cd": 2, "files": [{"file_id": 3}, {"file_id": 4}]}},
        ]});
        let source = SourceId::from_name("opensubtitles").expect("a provider");
        let page: Page = serde_json::from_value(page).expect("a page");
        let found: Vec<FoundSubtitle> = page.data.into_iter().filter_map(|row| row.found(&query, source)).collect();
        let [first, parts] = found.as_slice() else { panic!("two: {found:?}") };
        assert_eq!((first.language.as_str(), first.identity.as_str()), ("pt-BR", "opensubtitles:1"));
        let (VideoMatch::Listed(one), VideoMatch::Listed(two)) = (&first.video_match, &parts.video_match) else {
            panic!("listed")
        };
        assert_eq!((one.frame_rate, one.tmdb_id, one.uploaded, two.parts), (None, Some(7), None, 2));
    }
}
