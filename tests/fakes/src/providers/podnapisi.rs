//! Podnapisi.net: a search whose pages overlap, and zips. Does I/O.

use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery},
    http::{HeaderMap, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    Fake, PAGE, answer,
    films::{in_language, zipped, zipped_under},
    header, json_answer,
};

const LIMIT: usize = 2;

pub(super) fn routes(fake: &Fake) -> Router {
    let (searching, giving) = (fake.clone(), fake.clone());
    Router::new()
        .route(
            "/subtitles/search/advanced",
            get(async move |RawQuery(query): RawQuery, headers: HeaderMap| {
                search(&searching, &query.unwrap_or_default(), &headers).await
            }),
        )
        .route("/subtitles/{id}/download", get(async move |Path(id): Path<String>| give(&giving, &id).await))
}

fn row(id: &str, language: &str, release: &str, movie: &Value) -> Value {
    json!({"id": id, "language": language, "flags": if id.ends_with('H') { json!(["hearing_impaired"]) } else { json!([]) },
        "fps": "23.976", "releases": [release], "custom_releases": [], "num_cds": 1, "notes": null, "movie": movie,
        "download": format!("/subtitles/{id}/download"), "url": format!("/subtitles/{id}"), "stats": {"downloads": 7}})
}

fn rows() -> Vec<Value> {
    let film = json!({"title": "El puerto", "year": 2024, "type": "movie", "aliases": ["The Harbour"], "episode_info": null, "providers": ["imdb:7770001"]});
    let wrong = json!({"title": "The Harbour", "year": 1961, "type": "movie", "aliases": [], "providers": []});
    let episode = json!({"title": "Low Tide", "year": 2012, "type": "tv-series", "aliases": [], "episode_info": {"season": 7, "episode": 10}, "providers": []});
    vec![
        row("Aa1", "es", "The.Harbour.2024.1080p.WEB-DL.x264-TIDE", &film),
        row("Bb2H", "es", "The.Harbour.2024.1080p.WEB-DL.x264-TIDE", &film),
        row("Cc3", "es", "The.Harbour.1961", &wrong),
        row("Dd4", "en", "The.Harbour.2024.1080p.WEB-DL.x264-TIDE", &film),
        row("Ee5", "es", "Low.Tide.S07E10.WEB", &episode),
        row("Ff6", "he", "The.Harbour.2024.1080p.WEB-DL.x264-TIDE", &film),
    ]
}

fn is_number(value: &Value, text: &str) -> bool {
    value.as_u64() == text.parse().ok()
}

async fn search(fake: &Fake, query: &str, headers: &HeaderMap) -> Response<Body> {
    if fake.is_over("search", LIMIT) {
        return answer(429, "text/html", PAGE);
    }
    if let Some(fault) = fake.fault("search").await {
        return fault;
    }
    if header(headers, "accept") != "application/json" {
        return answer(200, "text/html", PAGE);
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let values = |name: &str| {
        pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let value = |name: &str| values(name).into_iter().next();
    let words = value("keywords").unwrap_or_default().to_lowercase();
    let found: Vec<Value> = rows()
        .into_iter()
        .filter(|row| {
            let movie = &row["movie"];
            let names = movie["aliases"].as_array().into_iter().flatten().chain([&movie["title"]]);
            let mut names = names.filter_map(|name| name.as_str()).map(str::to_lowercase);
            values("language").iter().any(|language| row["language"] == language.as_str())
                && values("movie_type").iter().any(|kind| movie["type"] == kind.as_str())
                && names.any(|name| name.contains(&words))
                && value("episodes").is_none_or(|episode| is_number(&movie["episode_info"]["episode"], &episode))
                && value("year").is_none_or(|year| is_number(&movie["year"], &year))
        })
        .collect();
    // One row per page, and each page repeats the last row of the one before.
    let page: usize = value("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let shown: Vec<&Value> = found.iter().skip(page.saturating_sub(2)).take(if page == 1 { 1 } else { 2 }).collect();
    json_answer(200, &json!({"all_pages": found.len().max(1), "page": page, "data": shown}))
}

async fn give(fake: &Fake, id: &str) -> Response<Body> {
    if fake.is_over("download", LIMIT) {
        return answer(429, "text/html", PAGE);
    }
    if let Some(fault) = fake.fault("download").await {
        return fault;
    }
    let Some(row) = rows().into_iter().find(|row| row["id"] == id) else { return answer(404, "text/html", PAGE) };
    fake.spend(id);
    let language = row["language"].as_str().unwrap_or_default();
    let zip = if language == "he" {
        // As old Hebrew files are: windows-1255, in a zip whose names are in code page 862 ("the harbour") and say of
        // themselves that they are in 437.
        let text = "1\r\n00:00:01,000 --> 00:00:03,000\r\nשלום לכולם, הסירה יוצאת מהנמל בצהריים\r\n\r\n2\r\n00:00:04,000 --> 00:00:06,000\r\n(שירה)\r\n";
        zipped_under(b"\x84\x90\x8E\x8C.srt", &encoding_rs::WINDOWS_1255.encode(text).0)
    } else {
        zipped(&[("read me.nfo", b"TIDE"), ("subs/harbour.srt", in_language(language, id).as_bytes())])
    };
    answer(200, "application/zip", zip)
}
