//! The description of the API, served by the API itself without authentication: `/openapi.json`, and `/docs`, a page without
//! scripts made from it.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{
    Router,
    http::header,
    response::{Html, IntoResponse as _},
    routing::get,
};
use serde_json::Value;

use super::{PATHS, description};

/// `default-src 'none'`: the page loads nothing; its style is inline.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

static JSON: LazyLock<String> = LazyLock::new(|| description().to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page(&description()));

/// The two routes of [`PATHS`].
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let [(json, _), (page, _)] = PATHS;
    Router::new()
        .route(json, get(|| async { ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()).into_response() }))
        .route(
            page,
            get(|| async { ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE.as_str())).into_response() }),
        )
}

fn page(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Subtitles: HTTP API</title>\
         <style>body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
         td,th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}code{background:#8882}</style>\
         <h1>Subtitles: HTTP API</h1>",
    );
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let _ = write!(page, "<p>{} <a href=\"openapi.json\">OpenAPI</a></p>", text(&document["info"]["description"]));
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let _ = write!(page, "<h2><code>{} {}</code></h2>", method.to_uppercase(), escaped(path));
            let _ = write!(page, "<p>{}. {}</p><table>", text(&operation["summary"]), text(&operation["description"]));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, about) = (text(&parameter["name"]), text(&parameter["description"]));
                let _ = write!(page, "<tr><td><code>{name}</code><td>{} parameter<td>{about}", text(&parameter["in"]));
            }
            for (code, response) in operation["responses"].as_object().into_iter().flatten() {
                let _ = write!(page, "<tr><td><code>{code}</code><td>answer<td>{}", text(&response["description"]));
            }
            page.push_str("</table>");
        }
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_route_and_needs_no_script() {
        for path in description()["paths"].as_object().expect("paths").keys() {
            assert!(PAGE.contains(&format!("{path}</code>")), "{path}");
        }
        assert!(!PAGE.contains("<script") && !PAGE.contains("http://"), "loads nothing");
    }
}
