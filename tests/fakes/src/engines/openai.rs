//! A model behind chat completions, with or without a JSON schema. Does I/O.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{Fake, Fault, answer, error_response, json_response, translated};

/// The only valid API key.
pub const KEY: &str = "sk-harbour-key";
/// The only model it serves.
pub const MODEL: &str = "harbour-7b";

/// Starts the service on a free port; `knows_schema` says whether it accepts `response_format: json_schema`.
pub async fn serve(knows_schema: bool) -> Fake {
    Fake::serve(|fake| {
        let chat = async move |headers: HeaderMap, body: String| complete(&fake, &headers, &body, knows_schema);
        Router::new().route("/v1/chat/completions", post(chat))
    })
    .await
}

fn error(status: u16, code: &str, words: &str) -> Response<Body> {
    answer(status, json!({ "error": { "message": words, "type": "invalid_request_error", "code": code } }).to_string())
}

fn complete(fake: &Fake, headers: &HeaderMap, body: &str, knows_schema: bool) -> Response<Body> {
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {KEY}")) {
        let key = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        return error(401, "invalid_api_key", &format!("Incorrect API key provided: {key}"));
    }
    let body: Value = serde_json::from_str(body).expect("JSON");
    if body["model"] != MODEL {
        return error(404, "model_not_found", "The model does not exist");
    }
    if body.get("response_format").is_some() && !knows_schema {
        return error(400, "unsupported", "'response_format' of type 'json_schema' is not supported");
    }
    let lines: Value = serde_json::from_str(body["messages"][1]["content"].as_str().expect("a text")).expect("JSON");
    let line = |line: &Value| line["text"].as_str().expect("a text").to_owned();
    let texts: Vec<String> = lines["lines"].as_array().expect("a list").iter().map(line).collect();
    let fault = fake.record_call_and_next_fault(&texts, body);
    if let Some(response) = error_response(fault) {
        return response;
    }
    let words = |text: &str| text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let mut answers = translated(&texts, fault.filter(|fault| *fault != Fault::Swap && *fault != Fault::Fence));
    if fault != Some(Fault::IgnoreGlossary) {
        for (term, rendered) in lines["glossary"].as_object().into_iter().flatten() {
            let rendered = rendered.as_str().expect("a text");
            answers = answers.iter().map(|text| text.replace(term, rendered)).collect();
        }
    }
    let item = |(at, text): (usize, &String)| {
        let id = if fault == Some(Fault::ThinkBlock) { json!((at + 1).to_string()) } else { json!(at + 1) };
        // A model that swaps ids still quotes the line it translated.
        let source = texts.get(at).map(|text| words(text)).unwrap_or_default();
        json!({ "id": id, "begins": source, "text": text })
    };
    let mut items: Vec<Value> = answers.iter().enumerate().map(item).collect();
    if fault == Some(Fault::Swap) && items.len() > 1 {
        let (first, second) = (items[0]["id"].take(), items[1]["id"].take());
        items[0]["id"] = second;
        items[1]["id"] = first;
    }
    let mut content = json!({ "translations": items }).to_string();
    if fault == Some(Fault::Fence) {
        content = format!("```json\n{content}\n```");
    } else if fault == Some(Fault::ThinkBlock) {
        content = format!("<think>The user wants {{Spanish}}.</think>\n{content}");
    }
    let is_cut = fault == Some(Fault::CutByLengthLimit);
    if is_cut {
        content.truncate(content.len() / 2);
    }
    let choice = json!({
        "index": 0, "message": { "role": "assistant", "content": content },
        "finish_reason": if is_cut { "length" } else { "stop" }
    });
    json_response(
        &json!({ "id": "x", "object": "chat.completion", "choices": [choice], "usage": { "total_tokens": 9 } }),
    )
}
