//! OpenSubtitles.com: an API on two hosts, the second for logged-in users, and files on a third. Does I/O.

use std::time::{Duration, Instant};

use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery},
    http::{HeaderMap, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{Fake, answer, films::in_language, header, json_answer, serve};

pub const KEY: &str = "harbour-api-key-1234";
pub const USERNAME: &str = "harbour-keeper";
pub const PASSWORD: &str = "correct horse battery";
/// Calls per second.
const LIMIT: usize = 5;
/// Rows per page, few enough that results have several pages.
const PER_PAGE: usize = 5;

pub(super) async fn start(fake: Fake) -> String {
    let files = serve(Router::new().route(
        "/download/{token}/subfile/{name}",
        get({
            let fake = fake.clone();
            async move |Path((token, _)): Path<(String, String)>, headers: HeaderMap| {
                file(&fake, &token, &headers).await
            }
        }),
    ))
    .await;
    let vip = serve(api(&fake, &files, "")).await;
    serve(api(&fake, &files, vip.trim_start_matches("http://")).merge(fake.control())).await
}

/// The API at one host; a login at the first host names `vip` as the host to use.
fn api(fake: &Fake, files: &str, vip: &str) -> Router {
    let (searching, logging, paying, files) = (fake.clone(), fake.clone(), fake.clone(), files.to_owned());
    let (vip, is_first) = (vip.to_owned(), !vip.is_empty());
    Router::new()
        .route(
            "/api/v1/subtitles",
            get(async move |RawQuery(query): RawQuery, headers: HeaderMap| {
                search(&searching, &query.unwrap_or_default(), &headers).await
            }),
        )
        .route(
            "/api/v1/login",
            post(async move |headers: HeaderMap, body: String| login(&logging, &headers, &body, &vip).await),
        )
        .route(
            "/api/v1/download",
            post(async move |headers: HeaderMap, body: String| pay(&paying, &headers, &body, &files, is_first).await),
        )
}

/// The checks of every call: rate limit, key and headers.
async fn refused(fake: &Fake, kind: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    if fake.is_over(kind, LIMIT) {
        let mut response = json_answer(429, &json!({"message": "Throttle limit reached. Retry later."}));
        response.headers_mut().insert("ratelimit-reset", "1".parse().expect("a value"));
        return Some(response);
    }
    if let Some(fault) = fake.fault(kind).await {
        return Some(fault);
    }
    let key = fake.setting("key").as_str().unwrap_or(KEY).to_owned();
    if header(headers, "api-key") != key {
        return Some(json_answer(
            403,
            &json!({"message": format!("You cannot consume this service with {}", header(headers, "api-key"))}),
        ));
    }
    let agent = header(headers, "user-agent");
    let is_named =
        agent.split_once(" v").is_some_and(|(_, version)| version.starts_with(|one: char| one.is_ascii_digit()));
    if !is_named || header(headers, "accept") != "application/json" {
        fake.violation(format!("agent '{agent}' or accept '{}'", header(headers, "accept")));
        return Some(json_answer(403, &json!({"message": "User-Agent or Accept is wrong"})));
    }
    None
}

async fn search(fake: &Fake, query: &str, headers: &HeaderMap) -> Response<Body> {
    if let Some(refused) = refused(fake, "search", headers).await {
        return refused;
    }
    fake.with(|memory| memory.queries.push(query.to_owned()));
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    for (name, value) in &mut pairs {
        *value = value.to_lowercase();
        if name.ends_with("imdb_id") {
            *value = value.trim_start_matches("tt").trim_start_matches('0').to_owned();
        }
    }
    pairs.retain(|(name, value)| {
        !matches!((name.as_str(), value.as_str()), ("page", "1") | ("machine_translated", "exclude"))
    });
    pairs.sort();
    let canonical = pairs.iter().map(|(name, value)| {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        format!("{name}={}", value.replace("%2C", ","))
    });
    let canonical = canonical.collect::<Vec<_>>().join("&");
    if canonical != query {
        fake.violation(format!("'{query}' is not canonical: '{canonical}'"));
        let mut response = answer(301, "text/html", "");
        response.headers_mut().insert("location", format!("/api/v1/subtitles?{canonical}").parse().expect("a value"));
        return response;
    }
    let value = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    if value("moviehash").is_some_and(|hash| hash.len() != 16) {
        return answer(400, "application/json", "");
    }
    let rows = fake.setting("rows").as_array().cloned().unwrap_or_else(usual_rows);
    let matches = |row: &&Value| {
        let feature = &row["feature_details"];
        let number = |name: &str, field: &Value| {
            value(name).is_none_or(|wanted| field.as_u64().map(|id| id.to_string()).as_deref() == Some(wanted))
        };
        let languages: Vec<&str> = value("languages").unwrap_or_default().split(',').collect();
        let kind = value("type")
            .is_none_or(|kind| feature["feature_type"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(kind)));
        let title = |name: &str| feature[name].as_str().unwrap_or_default().to_lowercase();
        let query =
            value("query").is_none_or(|query| title("title").contains(query) || title("parent_title").contains(query));
        languages.contains(&row["language"].as_str().unwrap_or_default())
            && number("imdb_id", &feature["imdb_id"])
            && number("tmdb_id", &feature["tmdb_id"])
            && number("parent_imdb_id", &feature["parent_imdb_id"])
            && number("season_number", &feature["season_number"])
            && number("episode_number", &feature["episode_number"])
            && value("moviehash").is_none_or(|hash| row["hash"] == hash)
            && kind
            && query
            && (row["machine_translated"] != true || value("machine_translated") == Some("include"))
    };
    let found: Vec<Value> = rows
        .iter()
        .filter(matches)
        .map(|row| {
            let mut row = row.clone();
            if value("moviehash").is_some() {
                row["moviehash_match"] = json!(true);
            }
            json!({"id": row["files"][0]["file_id"].to_string(), "type": "subtitle", "attributes": row})
        })
        .collect();
    let page: usize = value("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let pages = found.len().div_ceil(PER_PAGE).max(1);
    let data: Vec<&Value> = found.iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).collect();
    let mut response = json_answer(
        200,
        &json!({"total_pages": pages, "total_count": found.len(), "per_page": PER_PAGE, "page": page, "data": data}),
    );
    response.headers_mut().insert("ratelimit-limit", "5".parse().expect("a value"));
    response
}

async fn login(fake: &Fake, headers: &HeaderMap, body: &str, vip: &str) -> Response<Body> {
    if let Some(refused) = refused(fake, "login", headers).await {
        return refused;
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let name = body["username"].as_str().unwrap_or_default();
    if name.contains('@') {
        return json_answer(400, &json!({"message": "username must not be an e-mail address", "status": 400}));
    }
    let password = fake.setting("password").as_str().unwrap_or(PASSWORD).to_owned();
    if (name, body["password"].as_str()) != (USERNAME, Some(password.as_str())) {
        let message = format!(
            "Error, invalid username/password failed:1 remaining:9 ({})",
            body["password"].as_str().unwrap_or_default()
        );
        return json_answer(401, &json!({"message": message, "status": 401}));
    }
    let token = fake.with(|memory| {
        let token = format!("eyJ0.harbour.{}", memory.calls.len());
        memory.tokens.push((token.clone(), Instant::now()));
        token
    });
    json_answer(
        200,
        &json!({"user": {"allowed_downloads": 20, "level": "Sub leecher", "vip": false}, "token": token, "status": 200, "base_url": vip}),
    )
}

async fn pay(fake: &Fake, headers: &HeaderMap, body: &str, files: &str, is_first: bool) -> Response<Body> {
    if let Some(refused) = refused(fake, "download", headers).await {
        return refused;
    }
    if let Some(token) = header(headers, "authorization").strip_prefix("Bearer ") {
        let lives = Duration::from_millis(fake.setting("token_lives").as_u64().unwrap_or(3_600_000));
        let is_known =
            fake.with(|memory| memory.tokens.iter().any(|(known, since)| known == token && since.elapsed() < lives));
        if !is_known {
            return json_answer(401, &json!({"message": "invalid token", "status": 401}));
        }
        if is_first {
            fake.violation("a download at the first host after a login that named another");
        }
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(id) = body["file_id"].as_u64() else { return json_answer(400, &json!({"message": "file_id is missing"})) };
    let rows = fake.setting("rows").as_array().cloned().unwrap_or_else(usual_rows);
    let row = rows.iter().find(|row| row["files"].as_array().into_iter().flatten().any(|file| file["file_id"] == id));
    let reset = fake.setting("reset");
    let reset = reset.as_str().unwrap_or("2099-02-13T23:59:59.999Z");
    let Some(row) = row else {
        return json_answer(
            406,
            &json!({"requests": 29, "remaining": 971, "message": "invalid file_id", "reset_time_utc": reset}),
        );
    };
    if !fake.spend(&id.to_string()) {
        let message = "You have downloaded your allowed 5 subtitles for 24h.Your quota will be renewed in 09 hours and 57 minutes";
        return json_answer(
            406,
            &json!({"requests": 5, "remaining": 0, "message": message, "reset_time": "09 hours and 57 minutes", "reset_time_utc": reset}),
        );
    }
    let token = fake.with(|memory| {
        let token = format!("{:032x}", memory.links.len());
        let text = row["text"]
            .as_str()
            .map_or_else(|| in_language(row["language"].as_str().unwrap_or_default(), &id.to_string()), str::to_owned);
        memory.links.push((token.clone(), text, Instant::now()));
        token
    });
    let link = format!("{}/download/{token}/subfile/harbour.srt", fake.setting("link_base").as_str().unwrap_or(files));
    json_answer(
        200,
        &json!({"link": link, "file_name": "harbour.srt", "requests": 1, "remaining": fake.remaining(), "reset_time_utc": reset, "message": "Your quota will be renewed"}),
    )
}

async fn file(fake: &Fake, token: &str, headers: &HeaderMap) -> Response<Body> {
    fake.with(|memory| memory.calls.push(("link".to_owned(), Instant::now())));
    if headers.contains_key("api-key") || headers.contains_key("authorization") {
        fake.violation("credentials were sent to the host of the files");
    }
    if let Some(fault) = fake.fault("link").await {
        return fault;
    }
    let lives = Duration::from_millis(fake.setting("link_lives").as_u64().unwrap_or(10_800_000));
    let text = fake.with(|memory| {
        let link = memory.links.iter().find(|(known, _, since)| known == token && since.elapsed() < lives);
        link.map(|(_, text, _)| text.clone())
    });
    match text {
        Some(text) => answer(200, "text/plain; charset=utf-8", text),
        None => answer(410, "text/html", "<html>invalid or expired link</html>"),
    }
}

fn row(id: u64, language: &str, feature: &Value, more: &Value) -> Value {
    let mut row = json!({
        "subtitle_id": id.to_string(), "language": language, "download_count": 100, "hearing_impaired": false, "hd": true,
        "fps": 0.0, "votes": 0, "ratings": 0.0, "from_trusted": null, "foreign_parts_only": false, "comments": null,
        "upload_date": "2025-01-31T20:15:00Z", "ai_translated": false, "machine_translated": false, "nb_cd": 1,
        "uploader": {"uploader_id": null, "name": "Anonymous", "rank": "anonymous"}, "feature_details": feature,
        "release": null, "files": [{"file_id": id, "cd_number": 1, "file_name": null}],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        row[name] = value.clone();
    }
    row
}

/// A film, another film of the same title, a series, and a movie hash recorded for the wrong work.
fn usual_rows() -> Vec<Value> {
    let film = |title: &str, year: u16, imdb: u64| {
        json!({"feature_id": imdb, "feature_type": "Movie", "title": title, "movie_name": title, "year": year, "imdb_id": imdb,
            "tmdb_id": null, "season_number": null, "episode_number": null, "parent_imdb_id": null, "parent_title": null})
    };
    let episode = |series: &str, parent: u64, season: u16, number: u16| {
        json!({"feature_id": 9, "feature_type": "Episode", "title": format!("Chapter {number}"), "year": 2012, "imdb_id": parent + u64::from(number),
            "tmdb_id": 7, "season_number": season, "episode_number": number, "parent_imdb_id": parent, "parent_title": series})
    };
    let harbour = film("The Harbour", 2024, 7_770_001);
    let steel = film("Man of Steel", 2013, 770_828);
    let none = json!({});
    let web = json!({"release": "The.Harbour.2024.1080p.WEB-DL.x264-TIDE", "download_count": 40});
    let hash = "5b8f8f4e41ccb21e";
    let mut rows = vec![
        row(
            101,
            "es",
            &harbour,
            &json!({"release": "The.Harbour.2024.720p.BluRay.x264-GULL", "download_count": 9_000}),
        ),
        row(102, "es", &harbour, &web),
        row(103, "en", &harbour, &web),
        row(104, "pt-pt", &harbour, &web),
        row(105, "es", &harbour, &json!({"machine_translated": true, "download_count": 99_999})),
        row(106, "es", &harbour, &json!({"nb_cd": 2, "files": [{"file_id": 106}, {"file_id": 107}]})),
        row(108, "es", &film("The Harbour", 1961, 61), &none),
        row(109, "ze", &harbour, &none),
        // Recorded: the first row of a search by this hash is another work's, and the most downloaded.
        row(201, "en", &episode("Arrow", 2_193_021, 1, 5), &json!({"hash": hash, "download_count": 212_472})),
    ];
    rows.extend((202..213).map(|id| row(id, "en", &steel, &json!({"hash": hash, "download_count": id}))));
    rows.push(row(214, "en", &episode("Man of Steel", 5, 1, 1), &none));
    rows.extend(
        [8, 10].map(|number| row(300 + u64::from(number), "es", &episode("Low Tide", 7_770_100, 7, number), &none)),
    );
    let both = json!({"release": "Low.Tide.S07E10E11.1080p.WEB.x264-TIDE"});
    rows.push(row(311, "es", &episode("Low Tide", 7_770_100, 7, 10), &both));
    rows
}
