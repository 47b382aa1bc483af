//! SubDL: a search with the key in the URL, zips of episodes and seasons, and 500 when the quota is used up. Does I/O.

use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery},
    http::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    Fake, KEY, answer,
    films::{in_language, zipped},
    json_answer,
};

const LIMIT: usize = 3;

pub(super) fn routes(fake: &Fake) -> Router {
    let (searching, giving) = (fake.clone(), fake.clone());
    Router::new()
        .route(
            "/api/v1/subtitles",
            get(async move |RawQuery(query): RawQuery| search(&searching, &query.unwrap_or_default()).await),
        )
        .route("/subtitle/{name}", get(async move |Path(name): Path<String>| give(&giving, &name).await))
}

fn row(name: &str, language: &str, more: &Value) -> Value {
    let mut row = json!({"release_name": name, "name": format!("SUBDL::{name}.srt"), "lang": "spanish", "author": "gull", "comment": "",
        "url": format!("/subtitle/{}.zip", name.to_lowercase()), "language": language, "releases": [name], "season": 0, "episode": null,
        "episode_from": null, "episode_end": 0, "hi": false, "full_season": false});
    for (name, value) in more.as_object().into_iter().flatten() {
        row[name] = value.clone();
    }
    row
}

async fn search(fake: &Fake, query: &str) -> Response<Body> {
    if fake.is_over("search", LIMIT) {
        return json_answer(429, &json!({"status": false, "error": "Too many requests"}));
    }
    if let Some(fault) = fake.fault("search").await {
        return fault;
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value =
        |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str()).unwrap_or_default();
    if value("api_key") != KEY {
        return json_answer(403, &json!({"status": false, "error": format!("{} is no key", value("api_key"))}));
    }
    let is_wanted = |row: &Value| value("languages").split(',').any(|language| row["language"] == language);
    let (work, rows) = match (value("type"), value("imdb_id"), value("film_name")) {
        ("movie", "tt7770001", _) | ("movie", "", "The Harbour") => (
            json!({"name": "The Harbour", "year": 2024, "type": "movie"}),
            vec![
                row("The.Harbour.2024.1080p.WEB-DL.x264-TIDE", "ES", &json!({})),
                row("The.Harbour.2024.BluRay", "BR_PT", &json!({})),
                row("The.Harbour.2024.HDTV", "EN", &json!({"hi": true})),
            ],
        ),
        ("tv", "tt7770100", _) | ("tv", "", "Low Tide") => (
            json!({"name": "Low Tide", "year": 2012, "type": "tv"}),
            vec![
                row("Low.Tide.S07.Pack", "ES", &json!({"season": 7, "episode_from": 1, "episode_end": 13})),
                row("Low.Tide.S07.Half", "ES", &json!({"season": 7, "episode_from": 1, "episode_end": 6})),
            ],
        ),
        _ => return json_answer(200, &json!({"status": false, "error": "can't find movie or tv"})),
    };
    let rows: Vec<Value> = rows.into_iter().filter(is_wanted).collect();
    json_answer(200, &json!({"status": true, "results": [work], "subtitles": rows}))
}

async fn give(fake: &Fake, name: &str) -> Response<Body> {
    if fake.is_over("download", LIMIT) {
        return answer(429, "text/plain", "Too many requests");
    }
    if let Some(fault) = fake.fault("download").await {
        return fault;
    }
    if !fake.spend(name) {
        return answer(500, "text/plain", "Download limit exceeded");
    }
    if name.contains("pack") {
        let episode = |number: u16| in_language("es", &format!("episode-{number}")).into_bytes();
        let [eight, ten] = [8, 10].map(episode);
        return answer(
            200,
            "application/zip",
            zipped(&[("Low.Tide.S07E08.srt", &eight), ("Low.Tide.S07E10.srt", &ten)]),
        );
    }
    answer(200, "application/zip", zipped(&[("harbour.srt", in_language("es", name).as_bytes())]))
}
