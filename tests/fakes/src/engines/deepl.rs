//! DeepL, modelled on its official mock server: the key in a header, 50 texts per request, characters counted, tags well-formed.
//! Does I/O.

use axum::{
    Router,
    body::Body,
    extract::Query,
    http::{HeaderMap, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{Fake, answer, error_response, json_response, translated};

/// The only valid API key.
pub const KEY: &str = "deepl-harbour-key:fx";

/// Starts the service on a free port.
pub async fn serve() -> Fake {
    Fake::serve(|fake| {
        Router::new().route("/v2/languages", get(languages)).route(
            "/v2/translate",
            post(async move |headers: HeaderMap, body: String| translate(&fake, &headers, &body)),
        )
    })
    .await
}

fn error(status: u16, words: &str) -> Response<Body> {
    answer(status, json!({ "message": words }).to_string())
}

fn is_known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("DeepL-Auth-Key {KEY}"))
}

async fn languages(headers: HeaderMap, Query(query): Query<Vec<(String, String)>>) -> Response<Body> {
    if !is_known(&headers) {
        return answer(403, "");
    }
    let is_target = query.iter().any(|(name, value)| name == "type" && value == "target");
    let codes: &[&str] =
        if is_target { &["EN-GB", "EN-US", "ES", "ES-419", "PT-BR", "PT-PT", "ZH-HANS"] } else { &["EN", "ES", "PT"] };
    json_response(&codes.iter().map(|code| json!({ "language": code, "name": code })).collect())
}

fn translate(fake: &Fake, headers: &HeaderMap, body: &str) -> Response<Body> {
    if !is_known(headers) {
        return answer(403, "");
    }
    let body: Value = serde_json::from_str(body).expect("JSON");
    let target = body["target_lang"].as_str().unwrap_or_default();
    if !["ES", "ES-419", "PT-BR"].contains(&target) {
        return error(400, "Value for 'target_lang' not supported.");
    }
    let texts: Vec<String> = serde_json::from_value(body["text"].clone()).expect("a list");
    let is_plain = |text: &String| !text.replace("<x id=\"", "").contains('<');
    if !texts.iter().all(is_plain) {
        return error(400, "Tag handling parsing failed, please check input.");
    }
    if texts.len() > 50 {
        return error(413, "Request size exceeded.");
    }
    let fault = fake.record_call_and_next_fault(&texts, body);
    if let Some(response) = error_response(fault) {
        return response;
    }
    if !fake.spend(&texts) {
        return error(456, "Quota for this billing period has been exceeded.");
    }
    let translation = |text: &String| json!({ "detected_source_language": "EN", "text": text });
    json_response(&json!({ "translations": translated(&texts, fault).iter().map(translation).collect::<Vec<_>>() }))
}
