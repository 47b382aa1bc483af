//! LibreTranslate with a key and a limit of 20 texts per request. Does I/O.

use axum::{
    Router,
    body::Body,
    http::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{Fake, answer, error_response, json_response, translated};

/// The only valid API key.
pub const KEY: &str = "libre-harbour-key";
/// Texts per request.
pub const LIMIT: usize = 20;

/// Starts the service on a free port.
pub async fn serve() -> Fake {
    Fake::serve(|fake| {
        let languages = json!([
            { "code": "en", "name": "English", "targets": ["de", "es", "pt-BR", "zh-Hans"] },
            { "code": "es", "name": "Spanish", "targets": ["en"] }
        ]);
        Router::new()
            .route("/languages", get(async move || json_response(&languages)))
            .route("/translate", post(async move |body: String| translate(&fake, &body)))
    })
    .await
}

fn error(status: u16, words: &str) -> Response<Body> {
    answer(status, json!({ "error": words }).to_string())
}

fn translate(fake: &Fake, body: &str) -> Response<Body> {
    let body: Value = serde_json::from_str(body).expect("JSON");
    match body["api_key"].as_str() {
        None => return error(400, "Please contact the server operator to get an API key"),
        Some(KEY) => {}
        // Some servers quote the rejected key.
        Some(key) => return error(403, &format!("Invalid API key {key}")),
    }
    if body["source"] != "en" || body["format"] != "text" {
        return error(400, "zz is not supported");
    }
    let texts: Vec<String> = serde_json::from_value(body["q"].clone()).expect("a list");
    let fault = fake.record_call_and_next_fault(&texts, body);
    if texts.len() > LIMIT {
        return error(400, &format!("Invalid request: request ({}) exceeds text limit ({LIMIT})", texts.len()));
    }
    error_response(fault).unwrap_or_else(|| json_response(&json!({ "translatedText": translated(&texts, fault) })))
}
