//! What each client asks and understands.

use serde_json::json;
use subtitle_workers::find::{
    Claims, Found,
    guard::{Guard, GuardedClient},
};

use crate::{
    bench::{Bench, failed, film, ready},
    film_file::{Film, Index, Track},
    providers::Provider,
};

fn labels(found: &[Found]) -> Vec<&str> {
    found.iter().map(|one| one.identity.as_str()).collect()
}

#[tokio::test]
async fn opensubtitles_is_asked_in_its_own_form_and_every_page_is_read() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    let found =
        bench.list("opensubtitles", film()["video"].clone(), &["pt-BR", "es", "zh-Hans", "pt"]).await.expect("answers");
    assert_eq!(labels(&found), ["101", "102", "104", "105", "106", "108"].map(|id| format!("opensubtitles:{id}")));
    assert_eq!(provider.seen().await["violations"], json!([]), "no redirect, no wrong header, no call too many");
    assert_eq!(provider.calls("search").await, 2);
    let parts: Vec<usize> = found
        .iter()
        .map(|one| match &one.claims {
            Claims::Listed(listed) => listed.parts,
            Claims::ThisVideo { .. } => panic!("a provider only says so"),
        })
        .collect();
    assert_eq!(parts, [1, 1, 1, 1, 2, 1]);
}

#[tokio::test]
async fn opensubtitles_logs_in_once_pays_once_and_sends_no_key_to_the_files_host() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    let text = ready(bench.answer("a", film()).await);
    assert!(text.contains("número 102 0"), "the best release of the right film: {text}");
    let other = json!({"video": {"title": "Low Tide", "season": 7, "episodes": [8]}, "language": "es", "translation": {"policy": "Never"}});
    assert!(ready(bench.answer("b", other).await).contains("número 308"));
    let seen = provider.seen().await;
    assert_eq!(seen["violations"], json!([]), "the second host is used, too");
    assert_eq!((&seen["calls"]["login"], &seen["paid"]), (&json!(1), &json!(["102", "308"])));
}

#[tokio::test]
async fn a_token_that_ended_costs_one_login_and_the_download_goes_on() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    ready(bench.answer("a", film()).await);
    provider.set(json!({"forget_tokens": true})).await;
    let english = json!({"video": film()["video"], "language": "en", "translation": {"policy": "Never"}});
    ready(bench.answer("b", english).await);
    let seen = provider.seen().await;
    assert_eq!((&seen["calls"]["login"], &seen["calls"]["download"]), (&json!(2), &json!(3)));
    assert_eq!(seen["paid"], json!(["102", "103"]));
}

#[tokio::test]
async fn podnapisi_gives_each_row_of_overlapping_pages_once_and_a_zip_is_opened() {
    let provider = Provider::start("podnapisi");
    let bench = Bench::new(&[("podnapisi", &provider)]);
    let found = bench.list("podnapisi", film()["video"].clone(), &["es"]).await.expect("answers");
    assert_eq!(labels(&found), ["podnapisi:Aa1", "podnapisi:Bb2H"], "the other one's year was not asked for");
    assert!(found[1].hearing_impaired && !found[0].hearing_impaired);
    assert!(ready(bench.answer("a", film()).await).contains("número Aa1"), "an alias is a title");
    assert_eq!(provider.seen().await["violations"], json!([]));
}

#[tokio::test]
async fn gestdown_finds_a_show_by_id_or_name_and_leaves_unfinished_work_alone() {
    let provider = Provider::start("gestdown");
    let bench = Bench::new(&[("gestdown", &provider)]);
    for video in [
        json!({"tvdbId": 81189, "season": 7, "episodes": [10]}),
        json!({"title": "Low Tide", "season": 7, "episodes": [10]}),
    ] {
        let found = bench.list("gestdown", video, &["es", "fr"]).await.expect("answers");
        assert_eq!(labels(&found), ["gestdown:spa-10-1"]);
        assert!(bench.fetch(&found[0]).await.expect("given").starts_with("\u{FEFF}1".as_bytes()));
    }
    for video in [json!({"title": "Unknown", "season": 7, "episodes": [10]}), json!({"title": "The Harbour"})] {
        assert_eq!(bench.list("gestdown", video, &["es"]).await.expect("404 is an answer").len(), 0);
    }
    assert_eq!(provider.seen().await["violations"], json!([]));
}

#[tokio::test]
async fn subdl_speaks_its_own_codes_and_an_archive_of_other_episodes_is_not_taken() {
    let provider = Provider::start("subdl");
    let bench = Bench::new(&[("subdl", &provider)]);
    let found = bench.list("subdl", json!({"imdbId": "tt7770001"}), &["pt-BR"]).await.expect("answers");
    assert_eq!(labels(&found), ["subdl:/subtitle/the.harbour.2024.bluray.zip"]);
    assert_eq!(found[0].language.as_str(), "pt-BR");
    let pack = json!({"video": {"title": "Low Tide", "season": 7, "episodes": [10]}, "language": "es", "translation": {"policy": "Never"}});
    assert!(ready(bench.answer("a", pack).await).contains("número episode-10"));
    assert_eq!(
        provider.seen().await["paid"],
        json!(["low.tide.s07.pack.zip"]),
        "the half that ends before is not paid for"
    );
    assert_eq!(bench.list("subdl", json!({"title": "Unknown"}), &["es"]).await.expect("an answer").len(), 0);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_is_said_by_its_setting() {
    let provider = Provider::start("podnapisi");
    let bench = Bench::new(&[("podnapisi", &provider)]);
    let mut spec = film();
    spec["sources"] = json!([{"name": "podnapisi"}, {"name": "opensubtitles"}]);
    let failure = failed(bench.answer("a", spec).await);
    assert_eq!(failure.reason.as_str(), "InvalidSpec");
    assert!(failure.message.contains("SUBTITLES_OPENSUBTITLES_KEY_FILE"), "{}", failure.message);
    assert_eq!(provider.calls("search").await, 0, "nothing is asked before that is said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_asked_for_by_its_hash_and_a_copy_of_another_speed_is_the_last_choice() {
    let provider = Provider::start("opensubtitles");
    let mut bench = Bench::new(&[("opensubtitles", &provider)]);
    let folder = bench.secrets.0.clone();
    bench.downloader.finder.sources.libraries.insert("films".to_owned(), folder.clone());
    let film = folder.join("The.Harbour.2024.mkv");
    let made = std::process::Command::new("ffmpeg")
        .args(["-loglevel", "error", "-f", "lavfi", "-i", "color=c=black:s=16x16:r=25", "-t", "1"])
        .arg(&film)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "ffmpeg makes a film of 25 pictures a second");
    let mut bytes = std::fs::read(&film).expect("a film");
    bytes.resize(200_000, 0);
    std::fs::write(&film, bytes).expect("written");
    let feature = json!({"feature_type": "Movie", "title": "The Harbour", "year": 2024});
    let row = |id: u64, rate: f64, downloads: u64| json!({"language": "es", "fps": rate, "download_count": downloads, "feature_details": feature, "files": [{"file_id": id}]});
    provider.set(json!({"rows": [row(1, 23.976, 9_000), row(2, 25.0, 1), row(3, 0.0, 0)]})).await;
    let spec = json!({"video": {"library": "films", "path": "The.Harbour.2024.mkv"}, "language": "es", "translation": {"policy": "Never"}});
    assert!(ready(bench.answer("a", spec).await).contains("número 2 "));
    let queries = provider.seen().await["queries"].clone();
    assert!(queries[0].as_str().is_some_and(|query| query.contains("&moviehash=")), "{queries}");

    let tracks = [Track { number: 1, codec: "S_TEXT/UTF8", language: Some("spa"), more: vec![] }];
    let (address, sent) = Film::new(&tracks, Index::Exact, 100, 20_000, |_, _| "Hola".to_owned()).serve().await;
    bench.downloader.finder.guarded =
        GuardedClient::new(Guard::new(["127.0.0.0/8".parse().expect("a network")])).expect("a client");
    bench
        .list("opensubtitles", json!({"url": format!("http://{address}/film.mkv"), "title": "The Harbour"}), &["es"])
        .await
        .expect("answers");
    let queries = provider.seen().await["queries"].clone();
    assert!(queries[2].as_str().is_some_and(|query| query.contains("&moviehash=")), "{queries}");
    let sent = sent.load(std::sync::atomic::Ordering::SeqCst);
    assert!(sent < 300_000, "the film is not downloaded: {sent} bytes");
}
