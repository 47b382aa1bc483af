//! The library behind HTTP, over a real socket: what it asks for, what absence, failure and excess mean.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::Path, http::StatusCode, response::IntoResponse, routing::get};
use subtitle_contract::{job::Video, language::Language};
use subtitle_workers::{
    find::{
        FetchedContent, Finder, Libraries, ListRequest, Search as _, SourceId, TaskBudget,
        guard::{Guard, GuardedClient},
    },
    store::sha256,
};
use tokio::net::TcpListener;

const FILE: &str = "1\n00:00:01,000 --> 00:00:02,000\nEl barco sale al mediodía.\n";

fn answer(name: &str) -> axum::response::Response {
    match name {
        "The Harbour.es.srt" | "translated.es.srt" | "corrected.es.srt" => FILE.into_response(),
        ".translated.es.srt.machine-translated" => format!("{}\n", sha256(FILE.as_bytes())).into_response(),
        ".corrected.es.srt.machine-translated" => format!("{}\n", sha256(b"as it was")).into_response(),
        "broken.es.srt" => (StatusCode::BAD_GATEWAY, "<html>").into_response(),
        "endless.es.srt" => vec![b'a'; 11 << 20].into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Libraries whose library answers at a free port.
async fn sources() -> Finder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().route("/films/{name}", get(|Path(name): Path<String>| async move { answer(&name) }));
    tokio::spawn(axum::serve(listener, routes).into_future());
    let libraries = Libraries::new(
        BTreeMap::new(),
        Some(format!("http://{address}/films/{{stem}}.{{language}}.srt")),
        reqwest::Client::new(),
    );
    Finder::new(libraries, GuardedClient::new(Guard::default()).expect("a client"))
}

fn video(url: &str) -> Video {
    Video { url: Some(url.to_owned()), ..Video::default() }
}

#[tokio::test]
async fn a_library_over_http_has_has_not_or_cannot_say() {
    let sources = Arc::new(sources().await);
    let languages = ["es-MX", "es"].map(|tag| Language::parse(tag).expect("a tag"));
    let list = |url: &'static str| {
        let (sources, languages) = (sources.clone(), languages.clone());
        async move {
            let (video, budget) = (video(url), TaskBudget::default());
            sources.list(SourceId::Library, &ListRequest::new(&video, &languages, &budget)).await
        }
    };

    let found = list("https://media.example/films/The%20Harbour.mkv?token=1").await.expect("answers");
    let [found] = found.as_slice() else { panic!("one: {found:?}") };
    assert_eq!((found.label.as_str(), found.language.as_str()), ("The Harbour.es.srt", "es"));
    let FetchedContent::Bytes(bytes) = sources.fetch(found).await.expect("is here already") else { panic!("bytes") };
    assert_eq!(bytes, FILE.as_bytes());

    assert!(!found.is_machine_translated);
    for (film, is_ours) in [("translated", true), ("corrected", false)] {
        let found = list(format!("https://media.example/films/{film}.mkv").leak()).await.expect("answers");
        assert_eq!(found[0].is_machine_translated, is_ours, "the record beside {film}.es.srt decides");
    }

    assert!(list("https://media.example/films/unknown.mkv").await.expect("404 is an answer").is_empty());
    for (film, words) in [("broken", "502"), ("endless", "more than")] {
        let url = format!("https://media.example/films/{film}.mkv").leak();
        let error = list(url).await.expect_err("no answer").to_string();
        assert!(error.contains(words), "{error}");
    }
}
