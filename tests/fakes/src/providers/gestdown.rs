//! Gestdown: shows, the subtitles of their episodes, and a web page if the quota is used up. Does I/O.

use axum::{Router, body::Body, extract::Path, http::Response, routing::get};
use serde_json::json;

use super::{Fake, PAGE, answer, films::in_language, json_answer};

const LIMIT: usize = 3;
const SHOW: &str = "5f2c1c3e-0000-4000-8000-000000000007";

pub(super) fn routes(fake: &Fake) -> Router {
    let (by_id, by_name, listing, giving) = (fake.clone(), fake.clone(), fake.clone(), fake.clone());
    let show = || {
        json_answer(
            200,
            &json!({"shows": [{"id": SHOW, "name": "Low Tide", "nbSeasons": 7, "seasons": [7]}, {"id": "x", "name": "Low Tide Diaries"}]}),
        )
    };
    Router::new()
        .route(
            "/shows/external/tvdb/{id}",
            get(async move |Path(id): Path<String>| match guarded(&by_id, "search").await {
                Some(refused) => refused,
                None if id == "81189" => show(),
                None => answer(404, "application/json", ""),
            }),
        )
        .route(
            "/shows/search/{name}",
            get(async move |Path(name): Path<String>| match guarded(&by_name, "search").await {
                Some(refused) => refused,
                None if "low tide".contains(&name.to_lowercase()) => show(),
                None => answer(404, "application/json", ""),
            }),
        )
        .route(
            "/subtitles/get/{show}/{season}/{episode}/{language}",
            get(async move |Path((show, season, episode, language)): Path<(String, u16, u16, String)>| {
                if let Some(refused) = guarded(&listing, "search").await {
                    return refused;
                }
                if show != SHOW || season != 7 || !["spa", "eng"].contains(&language.as_str()) {
                    return answer(404, "application/json", "");
                }
                let row = |id: &str, completed: bool| {
                    let id = format!("{language}-{episode}-{id}");
                    json!({"subtitleId": id, "version": "WEB-DL+TIDE", "completed": completed, "hearingImpaired": false, "corrected": true,
                        "hd": true, "downloadUri": format!("/subtitles/download/{id}"), "language": language, "downloadCount": 12})
                };
                json_answer(200, &json!({"episode": {"season": season, "number": episode}, "matchingSubtitles": [row("1", true), row("2", false)]}))
            }),
        )
        .route(
            "/subtitles/download/{id}",
            get(async move |Path(id): Path<String>| {
                if let Some(refused) = guarded(&giving, "download").await {
                    return refused;
                }
                if !giving.spend(&id) {
                    return answer(200, "text/html; charset=utf-8", PAGE);
                }
                answer(200, "text/srt", format!("\u{FEFF}{}", in_language(&id[..3], &id)))
            }),
        )
}

async fn guarded(fake: &Fake, kind: &str) -> Option<Response<Body>> {
    if fake.is_over(kind, LIMIT) { Some(answer(429, "text/plain", "slow down")) } else { fake.fault(kind).await }
}
