//! What each client asks and understands.

use std::path::Path;

use serde_json::{Value, json};
use subtitle_workers::find::{
    FoundSubtitle, VideoMatch,
    guard::{Guard, GuardedClient},
};

use crate::{
    bench::{Bench, failed, film, ready},
    film_file::{Film, Index, Track},
    providers::{KEY, Provider},
};

fn labels(found: &[FoundSubtitle]) -> Vec<&str> {
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
        .map(|one| match &one.video_match {
            VideoMatch::Listed(listed) => listed.parts,
            VideoMatch::ThisVideo { .. } => panic!("a provider only says so"),
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
    // A wish is not as strict: what can be asked is asked, nothing else.
    let mut spec = film();
    spec["preferredSources"] = json!(["opensubtitles", "nobody", "podnapisi"]);
    assert!(ready(bench.answer("b", spec.clone()).await).contains("número Aa1"));
    spec["preferredSources"] = json!(["opensubtitles"]);
    assert!(ready(bench.answer("c", spec).await).contains("número Aa1"), "without a wish left, in the usual order");
}

fn film_of_25_pictures_a_second(path: &Path) {
    let made = std::process::Command::new("ffmpeg")
        .args(["-loglevel", "error", "-f", "lavfi", "-i", "color=c=black:s=16x16:r=25", "-t", "1"])
        .arg(path)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "ffmpeg makes a film of 25 pictures a second");
    let mut bytes = std::fs::read(path).expect("a film");
    bytes.resize(200_000, 0);
    std::fs::write(path, bytes).expect("written");
}

/// A row of OpenSubtitles for the film, with a text of its own.
fn row(id: u64, more: &Value) -> Value {
    let feature = json!({"feature_type": "Movie", "title": "The Harbour", "year": 2024});
    let mut row = json!({"language": "es", "feature_details": feature, "files": [{"file_id": id}]});
    row.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_counts_in_frames_is_read_at_the_speed_its_provider_says_else_at_the_videos() {
    let provider = Provider::start("opensubtitles");
    let mut bench = Bench::new(&[("opensubtitles", &provider)]);
    let folder = bench.secrets.folder().to_owned();
    bench.downloader.finder.libraries.mounted.insert("films".to_owned(), folder.clone());
    film_of_25_pictures_a_second(&folder.join("The.Harbour.2024.mkv"));
    let text = "{24}{48}El barco sale del puerto al mediodía|y no vuelve hasta la noche.\n";
    for (id, rate, video, begins) in [
        (1, json!(23.976), json!({"title": "The Harbour"}), Some("00:00:01,001 --> 00:00:02,002")),
        (
            2,
            json!(0.0),
            json!({"library": "films", "path": "The.Harbour.2024.mkv"}),
            Some("00:00:00,960 --> 00:00:01,920"),
        ),
        (3, json!(null), json!({"title": "The Harbour"}), None),
    ] {
        provider.set(json!({"rows": [row(id, &json!({"fps": rate, "text": text}))]})).await;
        let spec = json!({"video": video, "language": "es", "translation": {"policy": "Never"}});
        let answer = bench.answer(&id.to_string(), spec).await;
        if let Some(begins) = begins {
            let text = ready(answer);
            assert!(text.contains(begins), "{id}: {text}");
        } else {
            let failure = failed(answer);
            assert!(failure.message.contains("counts in frames"), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_bad_file_beside_the_video_makes_room_for_what_providers_have() {
    let provider = Provider::start("opensubtitles");
    let mut bench = Bench::new(&[("opensubtitles", &provider)]);
    let (folder, name) = (bench.secrets.folder().to_owned(), "The.Harbour.2024.1080p.WEB-DL.x264-TIDE");
    bench.downloader.finder.libraries.mounted.insert("films".to_owned(), folder.clone());
    for (file, text) in
        [("mkv", "no Matroska"), ("es.srt", "<html>log in</html>"), ("es.sub", "{24}{48}El barco sale.")]
    {
        std::fs::write(folder.join(format!("{name}.{file}")), text).expect("written");
    }
    let video = json!({"library": "films", "path": format!("{name}.mkv")});
    let spec = json!({"video": video, "language": "es", "translation": {"policy": "Never"}});
    assert!(ready(bench.answer("a", spec.clone()).await).contains("número 102"));
    assert_eq!(provider.seen().await["paid"], json!(["102"]));
    std::fs::write(folder.join(format!("{name}.es.sub")), "{1}{1}24\n{24}{48}El barco sale.").expect("written");
    assert!(ready(bench.answer("b", spec).await).contains("00:00:01,000 --> 00:00:02,000\nEl barco sale."));
    assert_eq!(provider.calls("search").await, 1, "nobody is asked for what is there");
}

#[tokio::test]
async fn of_equals_the_better_one_is_paid_for() {
    let provider = Provider::start("opensubtitles");
    let bench = Bench::new(&[("opensubtitles", &provider)]);
    let mut paid = Vec::new();
    for (at, (worse, better)) in [
        (json!({"ai_translated": true, "from_trusted": true}), json!({})),
        (json!({"hearing_impaired": true, "from_trusted": true}), json!({})),
        (json!({"download_count": 9_000}), json!({"from_trusted": true})),
        (json!({"download_count": 9, "votes": 50}), json!({"download_count": 10})),
        (json!({"votes": 1, "upload_date": "2025-01-31T20:15:00Z"}), json!({"votes": 2})),
        (json!({"upload_date": "2024-01-31T20:15:00Z"}), json!({"upload_date": "2025-01-31T20:15:00Z"})),
    ]
    .into_iter()
    .enumerate()
    {
        let id = 10 * (at as u64 + 1);
        provider.set(json!({"rows": [row(id, &worse), row(id + 1, &better)]})).await;
        ready(bench.answer(&at.to_string(), film()).await);
        paid.push((id + 1).to_string());
        assert_eq!(provider.seen().await["paid"], json!(paid));
    }
    // One that a language model made: taken if there is no other, unless that is excluded too.
    provider.set(json!({"rows": [row(100, &json!({"ai_translated": true}))]})).await;
    let mut strict = film();
    strict["selection"] = json!({"machineTranslated": "ExcludeAll"});
    let failure = failed(bench.answer("strict", strict).await);
    assert_eq!(failure.reason.as_str(), "NoSubtitleFound");
    assert!(failure.message.contains("translated by a language model"), "{failure}");
    ready(bench.answer("usual", film()).await);
}

#[tokio::test]
async fn a_search_that_is_sent_elsewhere_follows_within_its_host_and_tells_no_other_the_key() {
    let names = ["opensubtitles", "podnapisi", "gestdown", "subdl"];
    let providers = names.map(Provider::start);
    let configured: Vec<(&str, &Provider)> = names.into_iter().zip(&providers).collect();
    let bench = Bench::new(&configured);
    let sent_to = |place: &str, times: u32| json!({"faults": [{"on": "search", "status": 301, "headers": {"location": place}, "times": times}]});
    let film = json!({"title": "The Harbour", "year": 2024});
    let episode = json!({"tvdbId": 81189, "season": 7, "episodes": [10]});
    for (source, provider, video, place) in [
        (
            "opensubtitles",
            &providers[0],
            &film,
            "/api/v1/subtitles?languages=es&query=the+harbour&type=movie".to_owned(),
        ),
        (
            "podnapisi",
            &providers[1],
            &film,
            "/subtitles/search/advanced?keywords=The+Harbour&language=es&movie_type=movie&page=1".to_owned(),
        ),
        ("gestdown", &providers[2], &episode, "/shows/external/tvdb/81189".to_owned()),
        (
            "subdl",
            &providers[3],
            &film,
            format!("subtitles?api_key={KEY}&film_name=The+Harbour&type=movie&languages=ES"),
        ),
    ] {
        provider.set(sent_to(&place, 1)).await;
        let found = bench.list(source, video.clone(), &["es"]).await.expect("it follows");
        assert!(!found.is_empty(), "{source}");
        // Each time is a call, and there is an end to them.
        let before = provider.calls("search").await;
        provider.set(sent_to(&place, 4)).await;
        let error = bench.list(source, video.clone(), &["es"]).await.expect_err("circles").to_string();
        assert!(error.contains("in circles"), "{error}");
        assert_eq!(provider.calls("search").await, before + 4, "{source}");
        let (other, _) = Film::new(&[], Index::Exact, 1, 1, |_, _| String::new()).serve().await;
        provider.set(sent_to(&format!("http://{other}/stranger"), 1)).await;
        let error = bench.list(source, video.clone(), &["es"]).await.expect_err("elsewhere").to_string();
        assert!(error.contains("where this system's calls do not go") && !error.contains(KEY), "{error}");
    }
    // A file may be at another place; on the same host that is a call of its own, under its limit.
    providers[1]
        .set(
            json!({"faults": [{"on": "download", "status": 302, "headers": {"location": "/subtitles/Bb2H/download"}}]}),
        )
        .await;
    let found = bench.list("podnapisi", film, &["es"]).await.expect("answers");
    let bytes = bench.fetch(&found[0]).await.expect("given");
    assert!(bytes.starts_with(b"PK"), "the zip at the other place");
    for provider in &providers {
        assert_eq!(provider.seen().await["violations"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_asked_for_by_its_hash_and_a_copy_of_another_speed_is_the_last_choice() {
    let provider = Provider::start("opensubtitles");
    let mut bench = Bench::new(&[("opensubtitles", &provider)]);
    let folder = bench.secrets.folder().to_owned();
    bench.downloader.finder.libraries.mounted.insert("films".to_owned(), folder.clone());
    film_of_25_pictures_a_second(&folder.join("The.Harbour.2024.mkv"));
    let row = |id: u64, rate: f64, downloads: u64| row(id, &json!({"fps": rate, "download_count": downloads}));
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
