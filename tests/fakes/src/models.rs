//! Mozilla's catalogue of translation models, with files of no use to an engine. It can break off a download, answer with other
//! bytes than it lists, and knows how to continue a download. Does I/O.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response, StatusCode},
    routing::get,
};
use serde_json::{Value, json};

/// A file that the catalogue lists.
#[derive(Clone)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// As it is downloaded: packed with zstd.
    pub packed: Vec<u8>,
    /// The SHA-256 of that.
    pub hash: String,
    /// The SHA-256 of what it unpacks to.
    pub unpacked_hash: String,
}

/// A running catalogue.
pub struct Catalogue {
    /// Its address.
    pub url: String,
    /// Bytes that were sent so far.
    pub sent: Arc<AtomicU64>,
}

/// Starts a catalogue with one pair; each download breaks off after `breaks_after` bytes.
pub async fn serve(pair: (&str, &str), files: Vec<Listed>, breaks_after: Option<usize>) -> Catalogue {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let sent = Arc::new(AtomicU64::new(0));
    let server = json!({ "capabilities": { "attachments": { "base_url": format!("{url}/files/") } } });
    let record = |(at, file): (usize, &Listed)| {
        json!({
            "name": file.name, "version": "3.1", "fileType": "model", "sourceLanguage": pair.0, "targetLanguage": pair.1,
            "decompressedHash": file.unpacked_hash,
            "attachment": { "hash": file.hash, "size": file.packed.len(), "location": format!("{at}.zst") }
        })
    };
    let mut records: Vec<Value> = files.iter().enumerate().map(record).collect();
    // What other versions of Firefox need, and what no version knows.
    let mut newer = records[0].clone();
    newer["version"] = json!("4.0");
    records.extend([newer, json!({ "id": "no file" })]);
    let counted = sent.clone();
    let file = async move |axum::extract::Path(name): axum::extract::Path<String>, headers: HeaderMap| {
        let at: usize = name.trim_end_matches(".zst").parse().expect("a number");
        let range = headers
            .get("range")
            .and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let from: usize = range.unwrap_or(0);
        let rest = files[at].packed[from..].to_vec();
        let cut = breaks_after.map_or(rest.len(), |most| most.min(rest.len()));
        counted.fetch_add(cut as u64, Ordering::SeqCst);
        let is_whole = cut == rest.len();
        let first = futures::stream::iter([Ok::<_, std::io::Error>(rest[..cut].to_vec())]);
        let then = futures::stream::iter((!is_whole).then(|| Err(std::io::Error::other("it breaks off"))));
        let body = Body::from_stream(futures::StreamExt::chain(first, then));
        let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        Response::builder().status(status).body(body).expect("a response")
    };
    let as_json = |value: Value| async move { Response::new(Body::from(value.to_string())) };
    let router = Router::new()
        .route("/v1/", get(move || as_json(server)))
        .route(
            "/v1/buckets/main/collections/translations-models-v2/records",
            get(move || as_json(json!({ "data": records }))),
        )
        .route("/files/{name}", get(file));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Catalogue { url, sent }
}
