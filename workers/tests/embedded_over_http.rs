//! Tracks of a film behind HTTP, over a real socket that counts: the film is looked into and never downloaded, and a
//! spec's URL leads nowhere it should not.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use subtitle_contract::{job::Video, reason::Reason};
use subtitle_fakes::matroska::{Film, Index, Track, element};
use subtitle_telemetry::chain;
use subtitle_workers::{
    downloader::Downloader,
    find::{
        FetchedContent, Finder, FoundSubtitle, Libraries, ListRequest, Search as _, SourceError, SourceErrorKind,
        SourceId, TaskBudget, TrackFile, UnsupportedTrack, VideoMatch,
        guard::{Guard, GuardedClient},
        video::{
            movie_hash::movie_hash,
            ranges::{BlockingParts, Reader, Remote},
        },
    },
    store::Store,
    subtitle::{Cue, Format, file},
};

const HALF_A_GIGABYTE: u64 = 500 << 20;

fn finder(allowed: &[&str]) -> Finder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let guard = Guard::new(allowed.iter().map(|network| network.parse().expect("a network")));
    let libraries = Libraries::new(BTreeMap::new(), None, reqwest::Client::new());
    Finder::new(libraries, GuardedClient::new(guard).expect("a client"))
}

async fn list(finder: &Finder, url: String) -> Result<Vec<FoundSubtitle>, SourceError> {
    let video = Video { url: Some(url), ..Video::default() };
    finder.list(SourceId::Embedded, &ListRequest::new(&video, &[], &TaskBudget::default())).await
}

/// The cues of a track.
fn cues(content: FetchedContent) -> Box<[Cue]> {
    let FetchedContent::Track(TrackFile { text, .. }) = content else { panic!("a track") };
    file::read(text.as_bytes(), &file::Declared::default()).expect("reads").subtitle.cues
}

fn plain(number: u8, language: Option<&'static str>, more: Vec<u8>) -> Track {
    Track { number, codec: "S_TEXT/UTF8", language, more }
}

/// 1,200 clusters, as a film of 100 minutes has.
fn feature(tracks: &[Track], index: Index, text: impl Fn(u8, u64) -> String) -> Film {
    let film = Film::new(tracks, index, 1_200, HALF_A_GIGABYTE / 1_200, text);
    assert!(film.size > HALF_A_GIGABYTE);
    film
}

#[tokio::test]
async fn a_large_film_costs_at_most_a_fiftieth_of_itself() {
    for index in [Index::Exact, Index::Clusters] {
        let film = feature(&[plain(1, None, vec![]), plain(2, Some("spa"), vec![])], index, |track, cluster| {
            format!("Line {cluster} of track {track}")
        });
        let (size, (address, sent)) = (film.size, film.serve().await);
        let finder = finder(&["127.0.0.0/8"]);
        let found = list(&finder, format!("http://{address}/film.mkv?token=secret")).await.expect("listed");
        let languages: Vec<&str> = found.iter().map(|one| one.language.as_str()).collect();
        assert_eq!(languages, ["en", "es"], "an absent language is English");
        let listing = sent.load(Ordering::SeqCst);
        assert!(listing < 1 << 20, "listing took {listing} bytes");

        let cues = cues(finder.fetch(&found[1]).await.expect("fetched"));
        assert_eq!(cues.len(), 1_200);
        assert_eq!((cues[7].start, cues[7].end, cues[7].text.as_str()), (35_100, 36_000, "Line 7 of track 2"));
        let sent = sent.load(Ordering::SeqCst);
        eprintln!("{sent} of {size} bytes, {} in ten thousand", sent * 10_000 / size);
        assert!(sent * 50 <= size, "{sent} of {size} bytes");
        assert!(!format!("{found:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_film_without_a_useful_index_is_not_downloaded_and_says_so() {
    let film = feature(&[plain(1, Some("spa"), vec![])], Index::Pictures, |_, _| "Hola".to_owned());
    let (size, (address, sent)) = (film.size, film.serve().await);
    let finder = finder(&["127.0.0.0/8"]);
    let found = list(&finder, format!("http://{address}/film.mkv")).await.expect("listed");
    let error = chain(&finder.fetch(&found[0]).await.expect_err("no index")).to_string();
    assert!(error.contains("use video.path"), "{error}");
    assert!(sent.load(Ordering::SeqCst) * 50 <= size);
}

#[tokio::test]
async fn a_small_film_needs_no_index() {
    let film = Film::new(&[plain(1, Some("spa"), vec![])], Index::Pictures, 10, 1_000, |_, _| "Hola".to_owned());
    let (address, _) = film.serve().await;
    let finder = finder(&["127.0.0.0/8"]);
    let found = list(&finder, format!("http://{address}/film.mkv")).await.expect("listed");
    let cues = cues(finder.fetch(&found[0]).await.expect("fetched"));
    assert_eq!(cues.len(), 10);
}

#[tokio::test]
async fn flags_bcp_47_and_pictures_are_told() {
    let flags = [element(&[0x88], &[0]), element(&[0x55, 0xAA], &[1]), element(&[0x55, 0xAB], &[1])].concat();
    let tracks = [
        plain(1, Some("por"), [element(&[0x22, 0xB5, 0x9D], b"pt-BR"), flags].concat()),
        Track { number: 2, codec: "S_HDMV/PGS", language: Some("ger"), more: vec![] },
    ];
    let film = Film::new(&tracks, Index::Exact, 1, 1_000, |_, _| "Olá".to_owned());
    let (address, _) = film.serve().await;
    let found = list(&finder(&["127.0.0.0/8"]), format!("http://{address}/film.mkv")).await.expect("listed");
    let [text, pictures] = found.as_slice() else { panic!("two: {found:?}") };
    assert_eq!((text.language.as_str(), text.forced, text.hearing_impaired), ("pt-BR", true, true));
    assert!(matches!(text.video_match, VideoMatch::ThisVideo { is_default: false }));
    assert!(matches!(pictures.video_match, VideoMatch::ThisVideo { is_default: true }));
    assert_eq!(pictures.origin.as_ref().err(), Some(&UnsupportedTrack::Images("S_HDMV/PGS".to_owned())));
}

#[tokio::test]
async fn an_ass_track_stays_ass_with_its_styles_and_its_order() {
    let header = "[Script Info]\r\nScriptType: v4.00+\r\nPlayResX: 640\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize\r\nStyle: Sign,Arial,20\r\n\r\n[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n";
    let track = Track {
        number: 1,
        codec: "S_TEXT/ASS",
        language: Some("spa"),
        more: element(&[0x63, 0xA2], header.as_bytes()),
    };
    let text = |_, cluster: u64| format!("{},0,Sign,,0,0,0,,{{\\pos(1,2)}}Hola, {cluster}", 2 - cluster);
    let (address, _) = Film::new(&[track], Index::Exact, 3, 1_000, text).serve().await;
    let finder = finder(&["127.0.0.0/8"]);
    let found = list(&finder, format!("http://{address}/film.mkv")).await.expect("listed");
    let FetchedContent::Track(TrackFile { text, .. }) = finder.fetch(&found[0]).await.expect("fetched") else {
        panic!("a track")
    };
    assert!(text.contains("Style: Sign,Arial,20"), "{text}");
    assert!(text.ends_with("Dialogue: 0,0:00:00.10,0:00:01.00,Sign,,0,0,0,,{\\pos(1,2)}Hola, 0\n"), "{text}");
    let subtitle = file::read(text.as_bytes(), &file::Declared::default()).expect("reads").subtitle;
    assert_eq!((subtitle.format, subtitle.cues.len()), (Format::Ass, 3));
}

#[tokio::test]
async fn a_moviehash_by_ranges_fetches_two_ends() {
    let film = feature(&[plain(1, None, vec![])], Index::Exact, |_, _| "Hi".to_owned());
    let (size, (address, sent)) = (film.size, film.serve().await);
    let url = format!("http://{address}/film.mkv").parse().expect("a URL");
    let remote =
        Arc::new(Remote::open(&finder(&["127.0.0.0/8"]).guarded, &url, &TaskBudget::default()).await.expect("open"));
    let reader = Reader::new(BlockingParts::new(remote));
    let hash = tokio::task::spawn_blocking(move || {
        let mut reader = reader;
        movie_hash(&mut reader, size)
    });
    let hash = hash.await.expect("runs").expect("read").expect("large enough");
    assert_eq!((hash.len(), sent.load(Ordering::SeqCst)), (16, 128 << 10));
}

#[tokio::test]
async fn a_specs_url_leads_nowhere_private_not_even_by_a_redirect() {
    let (address, sent) = Film::new(&[], Index::Exact, 1, 10, |_, _| String::new()).serve().await;
    let port = SocketAddr::port(&address);
    let trouble = |finder: Finder, url: String| async move {
        let error = list(&finder, url).await.expect_err("refused");
        (error.kind, error.explanation())
    };
    for url in [format!("http://{address}/film.mkv"), format!("http://[::ffff:127.0.0.1]:{port}/film.mkv")] {
        let (trouble, message) = trouble(finder(&[]), url).await;
        assert_eq!(trouble, SourceErrorKind::InvalidUrl, "{message}");
        assert!(message.contains("SUBTITLES_ALLOW_PRIVATE_ADDRESSES"), "{message}");
    }
    let (_, message) = trouble(finder(&[]), format!("http://localhost:{port}/film.mkv")).await;
    assert!(message.contains("SUBTITLES_ALLOW_PRIVATE_ADDRESSES"), "{message}");
    assert_eq!(sent.load(Ordering::SeqCst), 0);
    for (path, words) in [("inward", "169.254.169.254"), ("file", "does not deliver it")] {
        let (_, message) = trouble(finder(&["127.0.0.0/8"]), format!("http://{address}/{path}.mkv")).await;
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn what_is_gone_and_what_cannot_be_read_in_parts_are_told_apart() {
    let (address, _) = Film::new(&[], Index::Exact, 1, 10, |_, _| String::new()).serve().await;
    for (path, words) in [("none", "does not have"), ("whole", "Range requests")] {
        let error = list(&finder(&["127.0.0.0/8"]), format!("http://{address}/{path}.mkv")).await.expect_err("no");
        assert_eq!(error.kind, SourceErrorKind::Video);
        assert!(error.explanation().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_reader_gives_up_before_it_has_read_more_than_its_allowance() {
    let film = feature(&[], Index::Pictures, |_, _| String::new());
    let (size, (address, sent)) = (film.size, film.serve().await);
    let url = format!("http://{address}/film.mkv").parse().expect("a URL");
    let remote =
        Arc::new(Remote::open(&finder(&["127.0.0.0/8"]).guarded, &url, &TaskBudget::default()).await.expect("open"));
    let mut reader = Reader::new(BlockingParts::new(remote));
    let copied = tokio::task::spawn_blocking(move || std::io::copy(&mut reader, &mut std::io::sink()));
    let error = copied.await.expect("runs").expect_err("too much").to_string();
    assert!(error.contains("would have to be read"), "{error}");
    assert!(sent.load(Ordering::SeqCst) * 50 <= size);
}

#[tokio::test]
async fn a_video_with_pictures_only_is_image_based_and_not_without_subtitles() {
    let pictures = Track { number: 2, codec: "S_VOBSUB", language: Some("spa"), more: vec![] };
    let (address, _) = Film::new(&[pictures], Index::Exact, 1, 1_000, |_, _| String::new()).serve().await;
    let video = serde_json::json!({"url": format!("http://{address}/film.mkv")});
    let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
    let order = vec![SourceId::Embedded, SourceId::Library];
    let spec = serde_json::from_value(serde_json::json!({"video": video, "language": "es"})).expect("a spec");
    let downloader = Downloader::standalone(finder(&["127.0.0.0/8"]), order, store);
    let failure = downloader.answer("a", spec).await.expect_err("nothing");
    assert_eq!(failure.reason, Reason::ImageBased);
    assert!(failure.message.contains("track 2 (es)"), "{}", failure.message);
    assert!(failure.candidates[0].rejection_reason.as_deref().is_some_and(|lost| lost.contains("pictures of text")));
}
