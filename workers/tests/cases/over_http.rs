//! MP4 behind HTTP, over a real socket that counts: the tracks are read by Range requests, and the film is not downloaded.

use std::{
    collections::BTreeMap,
    future::IntoFuture as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use subtitle_contract::job::Video;
use subtitle_workers::find::{
    FetchedContent, Finder, Libraries, ListRequest, Search as _, SourceId, TaskBudget,
    guard::{Guard, GuardedClient},
};
use tokio::net::TcpListener;

use super::{
    folder::{NAMES, lines},
    mp4::{in_fragments, ttml, tx3g, with_pictures, with_table, wvtt},
};

const PICTURES: usize = 32 << 20;

fn finder() -> Finder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let guard = Guard::new(["127.0.0.0/8".parse().expect("a network")]);
    let libraries = Libraries::new(BTreeMap::new(), None, reqwest::Client::new());
    Finder::new(libraries, GuardedClient::new(guard).expect("a client"))
}

/// The part of a file that a request asks for.
fn part(file: &[u8], headers: &HeaderMap, sent: &AtomicUsize) -> Response {
    let range =
        headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let numbers = range.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)));
    let Some((from, to)) = numbers.filter(|(from, _)| *from < file.len()) else {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    };
    let to = to.min(file.len() - 1);
    sent.fetch_add(to + 1 - from, Ordering::SeqCst);
    let range = format!("bytes {from}-{to}/{}", file.len());
    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], file[from..=to].to_vec()).into_response()
}

/// The lines of the first track of a film at a URL, and how many bytes they cost.
async fn read(film: Vec<u8>) -> (Vec<String>, usize) {
    let (film, sent) = (Arc::new(film), Arc::new(AtomicUsize::new(0)));
    let counted = sent.clone();
    let routes = Router::new().route("/film.mp4", get(async move |headers: HeaderMap| part(&film, &headers, &counted)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/film.mp4", listener.local_addr().expect("an address"));
    tokio::spawn(axum::serve(listener, routes).into_future());
    let (finder, video) = (finder(), Video { url: Some(url), ..Video::default() });
    let listed = finder.list(SourceId::Embedded, &ListRequest::new(&video, &[], &TaskBudget::default())).await;
    let found = listed.expect("listed");
    assert_eq!(found.iter().map(|one| one.language.as_str()).collect::<Vec<_>>(), ["es"]);
    let FetchedContent::Track(track) = finder.fetch(&found[0]).await.expect("fetched") else { panic!("a track") };
    (lines(&track.text), sent.load(Ordering::SeqCst))
}

#[tokio::test]
async fn tracks_of_every_codec_are_read_by_range_and_cost_little() {
    for (name, film, expected) in [
        ("tx3g", with_table(*b"tx3g", "spa", &tx3g(&NAMES)), &NAMES[..]),
        ("tx3g in fragments", in_fragments(*b"tx3g", "spa", &tx3g(&NAMES)), &NAMES[..]),
        ("wvtt", with_table(*b"wvtt", "spa", &wvtt(&NAMES)), &NAMES[..]),
        ("wvtt in fragments", in_fragments(*b"wvtt", "spa", &wvtt(&NAMES)), &NAMES[..]),
        ("stpp", with_table(*b"stpp", "spa", &[(ttml(NAMES[0]), 4000)]), &NAMES[..1]),
        ("stpp in fragments", in_fragments(*b"stpp", "spa", &[(ttml(NAMES[0]), 4000)]), &NAMES[..1]),
    ] {
        let (lines, sent) = read(with_pictures(film, PICTURES)).await;
        assert_eq!(lines, expected, "{name}");
        assert!(sent * 50 <= PICTURES, "{name}: {sent} of {PICTURES} bytes");
    }
}
