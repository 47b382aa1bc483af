//! Rows as each provider writes them: a few words come in, the JSON of its recorded answers goes out. Pure.

use serde_json::{Value, json};

/// A provider's row, and the words of the reason why it is not taken; none for the one that is.
pub(super) struct Listing {
    pub(super) provider: &'static str,
    pub(super) row: Value,
    pub(super) reason: &'static str,
}

/// What providers say of the work beside their rows.
pub(super) struct Answers {
    /// What `SubDL` understood the search as.
    pub(super) subdl: Value,
    /// The show that Gestdown knows.
    pub(super) show: &'static str,
}

/// The id of the listing `at`, which is no part of another's.
pub(super) fn id(at: usize) -> usize {
    1000 + at
}

impl Answers {
    pub(super) fn new(title: &'static str, year: u16, kind: &str) -> Self {
        Self { subdl: json!({"name": title, "year": year, "type": kind, "sd_id": 1, "imdb_id": null}), show: title }
    }

    /// Each provider's answer to its search.
    pub(super) fn for_listings(&self, listings: &[Listing]) -> Value {
        let rows = |provider: &str, numbered: fn(Value, usize) -> Value| -> Vec<Value> {
            let own = listings.iter().enumerate().filter(|(_, one)| one.provider == provider);
            own.map(|(at, one)| numbered(one.row.clone(), id(at))).collect()
        };
        let opensubtitles = rows("opensubtitles", |mut row, id| {
            row["files"][0]["file_id"] = id.into();
            json!({"id": id.to_string(), "type": "subtitle", "attributes": row})
        });
        let subdl = rows("subdl", |mut row, id| {
            row["url"] = format!("/subtitle/:{id}.zip").into();
            row
        });
        let podnapisi = rows("podnapisi", |mut row, id| {
            row["id"] = id.to_string().into();
            row
        });
        let gestdown = rows("gestdown", |mut row, id| {
            row["subtitleId"] = id.to_string().into();
            row
        });
        json!({
            "opensubtitles": {"total_pages": 1, "total_count": opensubtitles.len(), "per_page": 50, "page": 1, "data": opensubtitles},
            "subdl": {"status": true, "results": [self.subdl], "subtitles": subdl, "totalPages": 1, "currentPage": 1},
            "podnapisi": {"all_pages": 1, "page": 1, "data": podnapisi},
            "shows": {"shows": [{"id": "show", "name": self.show, "nbSeasons": 1, "seasons": [1]}]},
            "gestdown": {"episode": {"season": 1, "number": 1}, "matchingSubtitles": gestdown},
        })
    }
}

fn opensubtitles(feature: &Value, release: &str, reason: &'static str) -> Listing {
    let row = json!({
        "language": "es", "download_count": 100, "hearing_impaired": false, "hd": true, "fps": 0.0, "votes": 0, "ratings": 0.0,
        "from_trusted": null, "foreign_parts_only": false, "comments": null, "upload_date": "2025-01-31T20:15:00Z",
        "ai_translated": false, "machine_translated": false, "nb_cd": 1, "feature_details": feature, "release": release,
        "uploader": {"uploader_id": null, "name": "Anonymous", "rank": "anonymous"},
        "files": [{"file_id": 0, "cd_number": 1, "file_name": null}],
    });
    Listing { provider: "opensubtitles", row, reason }
}

/// A film at OpenSubtitles.
pub(super) fn film(title: &str, year: u16, release: &str, reason: &'static str) -> Listing {
    let feature = json!({"feature_id": 1, "feature_type": "Movie", "title": title, "movie_name": format!("{year} - {title}"),
        "year": year, "imdb_id": null, "tmdb_id": null, "season_number": null, "episode_number": null,
        "parent_imdb_id": null, "parent_title": null});
    opensubtitles(&feature, release, reason)
}

/// An episode at OpenSubtitles, which gives each a title of its own.
pub(super) fn episode(series: &str, year: u16, number: (u16, u16), release: &str, reason: &'static str) -> Listing {
    let (season, number) = number;
    let feature = json!({"feature_id": 9, "feature_type": "Episode", "title": format!("Chapter {number}"), "year": year,
        "movie_name": format!("{series} - S{season:02}E{number:02}"), "imdb_id": null, "tmdb_id": 7, "season_number": season,
        "episode_number": number, "parent_imdb_id": null, "parent_title": series});
    opensubtitles(&feature, release, reason)
}

/// A row of OpenSubtitles with nothing but a file's name, as old uploads are.
pub(super) fn bare(release: &str, reason: &'static str) -> Listing {
    opensubtitles(&Value::Null, release, reason)
}

/// A row of `SubDL` for a film, or for a whole season.
pub(super) fn subdl(release: &str, reason: &'static str) -> Listing {
    let row = json!({"release_name": release, "name": format!("SUBDL::{release}.srt"), "lang": "spanish", "author": "gull",
        "comment": "", "language": "ES", "releases": [release], "season": 0, "episode": null, "episode_from": null,
        "episode_end": 0, "hi": false, "full_season": false});
    Listing { provider: "subdl", row, reason }
}

/// A row of Podnapisi for a film.
pub(super) fn podnapisi(title: &str, year: u16, releases: &[&str], reason: &'static str) -> Listing {
    let movie =
        json!({"title": title, "year": year, "type": "movie", "aliases": [], "episode_info": null, "providers": []});
    podnapisi_row(&movie, releases, reason)
}

/// A row of Podnapisi for an episode.
pub(super) fn podnapisi_episode(series: &str, number: (u16, u16), release: &str, reason: &'static str) -> Listing {
    let movie = json!({"title": series, "year": 2019, "type": "tv-series", "aliases": [], "providers": [],
        "episode_info": {"season": number.0, "episode": number.1}});
    podnapisi_row(&movie, &[release], reason)
}

fn podnapisi_row(movie: &Value, releases: &[&str], reason: &'static str) -> Listing {
    let row = json!({"id": "", "language": "es", "flags": [], "fps": "23.976", "releases": releases, "custom_releases": [],
        "num_cds": 1, "notes": null, "movie": movie, "download": "", "url": "", "stats": {"downloads": 7}});
    Listing { provider: "podnapisi", row, reason }
}

/// A row of Gestdown, which has a word for the release and is asked for one episode.
pub(super) fn gestdown(version: &str, reason: &'static str) -> Listing {
    let row = json!({"subtitleId": "", "version": version, "completed": true, "hearingImpaired": false, "corrected": true,
        "hd": true, "downloadUri": "/subtitles/download/1", "language": "spa", "downloadCount": 12});
    Listing { provider: "gestdown", row, reason }
}

impl Listing {
    /// The same with other values.
    pub(super) fn with(mut self, more: &Value) -> Self {
        for (name, value) in more.as_object().into_iter().flatten() {
            match (&mut self.row[name], value) {
                (Value::Object(known), Value::Object(new)) => known.extend(new.clone()),
                (known, new) => *known = new.clone(),
            }
        }
        self
    }
}
