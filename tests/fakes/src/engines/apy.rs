//! Apertium APY 0.13: lists eng→spa, spa→eng and eng→cat, and translates only eng→spa. Does I/O.

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::json;

use super::{Fake, Fault, answer, error_response, json_response, translated};

/// Starts the service on a free port.
pub async fn serve() -> Fake {
    Fake::serve(|fake| {
        let pairs = json!({
            "responseData": [
                { "sourceLanguage": "eng", "targetLanguage": "spa" }, { "sourceLanguage": "spa", "targetLanguage": "eng" },
                { "sourceLanguage": "eng", "targetLanguage": "cat" }
            ],
            "responseDetails": null, "responseStatus": 200
        });
        Router::new()
            .route("/listPairs", get(async move || json_response(&pairs)))
            .route("/translate", post(async move |body: String| translate(&fake, &body)))
    })
    .await
}

fn translate(fake: &Fake, body: &str) -> axum::http::Response<axum::body::Body> {
    let field = |name: &str| {
        let mut fields = url::form_urlencoded::parse(body.as_bytes());
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if field("langpair") != "eng|spa" {
        let error_body = json!({ "status": "error", "code": 400, "message": "Bad Request", "explanation": "That pair is not installed" });
        return answer(400, error_body.to_string());
    }
    let html = field("q");
    let texts: Vec<String> = html
        .split("<p id=\"")
        .skip(1)
        .map(|part| part.split_once("\">").expect("an id").1.split("</p>").next().expect("a text").to_owned())
        .collect();
    let fault = fake.record_call_and_next_fault(&texts, json!({ "q": html }));
    if let Some(response) = error_response(fault) {
        return response;
    }
    let mut paragraphs: Vec<String> =
        translated(&texts, fault).iter().enumerate().map(|(at, text)| format!("<p id=\"{at}\">{text}</p>")).collect();
    if fault == Some(Fault::Truncate) {
        paragraphs.truncate(1);
    }
    let text = paragraphs.join("\n");
    json_response(
        &json!({ "responseData": { "translatedText": text }, "responseDetails": null, "responseStatus": 200 }),
    )
}
