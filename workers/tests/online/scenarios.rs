//! What peers get wrong about finding, each under its number: the real downloader as a process on a real RabbitMQ
//! where a broker or a crash matters, else the same code in this one.

use std::{fmt::Write as _, fs, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtitle_contract::event::EventType;

use crate::{
    bench::{Bench, failed, film, ready},
    film_file::{Film, Index, Track, element},
    providers::{CLEAN, Provider, english, zipped},
    stage::{Stage, payload},
};

/// The film in another language, from one source.
fn in_language(language: &str, source: &str) -> Value {
    json!({"video": film()["video"], "language": language, "translation": {"policy": "Never"}, "sources": [{"name": source}]})
}

#[tokio::test]
async fn scenario_01_a_hash_that_somebody_gave_to_another_work_is_not_believed() {
    let (stage, provider) = (Stage::new("s01").await, Provider::start("opensubtitles"));
    let _worker = stage.worker("one", &[("opensubtitles", &provider)]);
    let video = json!({"title": "Man of Steel", "year": 2013, "movieHash": "5b8f8f4e41ccb21e"});
    stage.ask("a", json!({"video": video, "language": "en", "translation": {"policy": "Never"}})).await;
    let ready = stage.outcome("a").await;
    assert_eq!(ready.event_type, EventType::Ready, "{ready:?}");
    let candidates = payload(&ready)["candidates"].clone();
    assert_eq!(candidates[0]["score"], 100, "a right row of the hash: {candidates}");
    let paid = provider.seen().await["paid"].clone();
    assert_eq!(paid, json!(["212"]), "the most downloaded of the right ones, not the first row");
}

#[tokio::test]
async fn scenario_02_the_last_download_of_the_day_is_a_success_and_the_next_waits_until_the_named_time() {
    let (stage, provider) = (Stage::new("s02").await, Provider::start("opensubtitles"));
    let reset = Timestamp::now()
        .saturating_add(SignedDuration::from_hours(9))
        .expect("soon")
        .round(jiff::Unit::Second)
        .expect("rounds");
    provider.set(json!({"quota": 1, "reset": reset.to_string()})).await;
    let _worker = stage.worker("one", &[("opensubtitles", &provider)]);
    stage.ask("last", in_language("es", "opensubtitles")).await;
    assert_eq!(stage.outcome("last").await.event_type, EventType::Ready);
    stage.ask("next", in_language("en", "opensubtitles")).await;
    let failed = payload(&stage.outcome("next").await);
    assert_eq!((&failed["reason"], &failed["retryable"]), (&json!("SourceQuotaExhausted"), &json!(true)));
    assert_eq!(failed["not_before"], json!(reset), "{failed}");
    let message = failed["error_message"].as_str().expect("a message");
    assert!(message.contains(&reset.to_string()), "{message}");
    assert_eq!(provider.calls("download").await, 1, "nobody asks for what there is none of");
}

#[tokio::test]
async fn scenario_03_a_406_with_quota_left_is_no_quota_and_refused_credentials_are_tried_once() {
    let (stage, provider) = (Stage::new("s03").await, Provider::start("opensubtitles"));
    let left = json!({"requests": 29, "remaining": 971, "message": "invalid file_id"});
    provider.set(json!({"faults": [{"on": "download", "status": 406, "body": left}]})).await;
    let mut worker = stage.worker("one", &[("opensubtitles", &provider)]);
    stage.ask("next-candidate", in_language("es", "opensubtitles")).await;
    let ready = payload(&stage.outcome("next-candidate").await);
    assert!(stage.stored(&ready["subtitle_path"]).contains("número 101"), "the next candidate");
    let lost = ready["candidates"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["from"].as_str().is_some_and(|from| from.contains("TIDE")));
    assert!(
        lost.is_some_and(|one| one["rejectionReason"].as_str().is_some_and(|why| why.contains("invalid file_id"))),
        "{ready}"
    );

    worker.kill();
    let other = Provider::start("opensubtitles");
    other.set(json!({"password": "changed"})).await;
    let _workers =
        [stage.worker("two", &[("opensubtitles", &other)]), stage.worker("three", &[("opensubtitles", &other)])];
    for job in ["a", "b", "c"] {
        stage.ask(job, in_language("en", "opensubtitles")).await;
    }
    for job in ["a", "b", "c"] {
        let failed = payload(&stage.outcome(job).await);
        assert_eq!((&failed["reason"], &failed["retryable"]), (&json!("SourceForbidden"), &json!(false)), "{failed}");
        assert!(failed["error_message"].as_str().is_some_and(|message| message.contains("Secret")), "{failed}");
    }
    assert_eq!(other.calls("login").await, 1);
}

#[tokio::test]
async fn scenario_04_jobs_at_the_same_time_again_and_for_other_languages_share_one_download() {
    let (stage, provider) = (Stage::new("s04").await, Provider::start("opensubtitles"));
    let _workers =
        [stage.worker("one", &[("opensubtitles", &provider)]), stage.worker("two", &[("opensubtitles", &provider)])];
    for job in ["a", "b"] {
        stage.ask(job, in_language("es", "opensubtitles")).await;
    }
    let (first, second) = (payload(&stage.outcome("a").await), payload(&stage.outcome("b").await));
    assert_eq!(first["result"]["key"], second["result"]["key"]);
    stage.ask("a", in_language("es", "opensubtitles")).await; // redelivered
    assert_eq!(payload(&stage.nth_outcome("a", 2).await)["result"]["key"], first["result"]["key"]);
    assert_eq!(provider.seen().await["paid"], json!(["102"]));

    let translated = |language: &str| json!({"video": film()["video"], "language": language, "sources": [{"name": "opensubtitles"}], "translation": {"policy": "Always", "from": ["en"]}});
    stage.ask("french", translated("fr")).await;
    stage.ask("german", translated("de")).await;
    let (french, german) = (stage.outcome("french").await, stage.outcome("german").await);
    assert_eq!(french.event_type, EventType::TranslateRequested, "{french:?}");
    assert_eq!(payload(&french)["from"], payload(&german)["from"]);
    assert_eq!(provider.seen().await["paid"], json!(["102", "103"]));
    let formats = json!({"video": film()["video"], "language": "es", "sources": [{"name": "opensubtitles"}], "output": {"format": "WebVTT"}});
    stage.ask("webvtt", formats).await;
    assert_eq!(payload(&stage.outcome("webvtt").await)["result"]["format"], "WebVTT");
    assert_eq!(provider.calls("download").await, 2, "another format is made of the same file");
}

#[tokio::test]
async fn scenario_05_sources_that_failed_are_not_sources_that_have_nothing() {
    let stage = Stage::new("s05").await;
    let [down, none, throttled] = ["opensubtitles", "podnapisi", "subdl"].map(Provider::start);
    down.set(json!({"faults": [{"on": "search", "status": 503, "body": "page", "times": 1000}]})).await;
    throttled
        .set(json!({"faults": [{"on": "search", "status": 429, "body": {}, "headers": {"retry-after": "3600"}}]}))
        .await;
    let _worker = stage.worker("one", &[("opensubtitles", &down), ("podnapisi", &none), ("subdl", &throttled)]);
    let sources = json!([{"name": "opensubtitles"}, {"name": "podnapisi"}, {"name": "subdl"}]);
    stage
        .ask(
            "a",
            json!({"video": film()["video"], "language": "fr", "translation": {"policy": "Never"}, "sources": sources}),
        )
        .await;
    let failed = payload(&stage.outcome("a").await);
    assert_eq!((&failed["reason"], &failed["retryable"]), (&json!("AllSourcesFailed"), &json!(true)), "{failed}");
    assert_eq!(failed["not_before"], Value::Null, "the one that is down may be back before");
    let message = failed["error_message"].as_str().expect("a message");
    for words in [
        "opensubtitles: 127.0.0.1 answered 503",
        "podnapisi: has nothing usable",
        "subdl: 127.0.0.1 asks for no call before",
    ] {
        assert!(message.contains(words), "'{words}' is missing: {message}");
    }
}

#[tokio::test]
async fn scenario_06_a_worker_killed_between_paying_and_storing_costs_at_most_one_download_more() {
    let (stage, provider) = (Stage::new("s06").await, Provider::start("opensubtitles"));
    provider.set(json!({"faults": [{"on": "link", "slow": 20_000}]})).await;
    let mut killed = stage.worker("killed", &[("opensubtitles", &provider)]);
    stage.ask("a", in_language("es", "opensubtitles")).await;
    let paid = async {
        while provider.calls("link").await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), paid).await.expect("it pays");
    killed.kill();
    let _next = stage.worker("next", &[("opensubtitles", &provider)]);
    let ready = stage.outcome("a").await;
    assert_eq!(ready.event_type, EventType::Ready, "{ready:?}");
    assert!(stage.stored(&payload(&ready)["subtitle_path"]).contains("número 102 29"), "no line is lost");
    assert_eq!(provider.seen().await["paid"], json!(["102", "102"]));
}

#[tokio::test]
async fn scenario_08_another_variant_of_the_language_is_taken_when_asked_for_and_is_named() {
    let provider = Provider::start("opensubtitles");
    let stage = Stage::new("s08").await;
    let _worker = stage.worker("one", &[("opensubtitles", &provider)]);
    let policy = |language: &str, policy: &str| json!({"video": film()["video"], "language": language, "translation": {"policy": policy, "from": ["en"]}});
    stage.ask("never", policy("pt-BR", "Never")).await;
    let failed = payload(&stage.outcome("never").await);
    assert_eq!(failed["reason"], "NoSubtitleFound");
    stage.ask("translated", policy("pt-BR", "IfNotFound")).await;
    let translated = payload(&stage.outcome("translated").await);
    assert_eq!(
        (&translated["source_language"], &translated["target_language"]),
        (&json!("en"), &json!("pt-BR")),
        "{translated}"
    );
    stage.ask("bare", policy("pt", "Never")).await;
    let bare = payload(&stage.outcome("bare").await);
    assert_eq!(bare["result"]["language"], "pt-PT", "the variant that was taken is said: {bare}");
}

#[tokio::test]
async fn scenario_09_a_forced_track_and_pictures_are_reported_as_such() {
    let stage = Stage::new("s09").await;
    let _worker = stage.worker("one", &[]);
    let forced = element(&[0x55, 0xAA], &[1]);
    let tracks = [
        Track { number: 1, codec: "S_TEXT/UTF8", language: Some("eng"), more: forced },
        Track { number: 2, codec: "S_HDMV/PGS", language: Some("eng"), more: vec![] },
    ];
    let [forced, pictures] = tracks;
    for (job, track, reason, words) in [
        ("forced", forced, "NoSubtitleFound", "foreign-language parts only"),
        ("pictures", pictures, "ImageBased", "pictures of text"),
    ] {
        let (address, _) =
            Film::new(&[track], Index::Exact, 10, 1_000, |_, _| "Only this sign.".to_owned()).serve().await;
        let video = json!({"url": format!("http://{address}/film.mkv")});
        stage
            .ask(
                job,
                json!({"video": video, "language": "es", "translation": {"policy": "IfNotFound", "from": ["en"]}}),
            )
            .await;
        let failed = payload(&stage.outcome(job).await);
        assert_eq!(failed["reason"], reason, "{failed}");
        assert!(failed["error_message"].as_str().is_some_and(|message| message.contains(words)), "{failed}");
    }
}

#[tokio::test]
async fn scenario_10_old_hebrew_in_a_zip_with_an_old_name_is_utf_8_and_a_song_makes_it_no_description() {
    let (stage, provider) = (Stage::new("s10").await, Provider::start("podnapisi"));
    let _worker = stage.worker("one", &[("podnapisi", &provider)]);
    let name = "The.Harbour.2024.1080p.WEB-DL.x264-TIDE";
    fs::write(stage.folder.join(format!("library/{name}.mkv")), "no Matroska").expect("written");
    let undescribed = |source: &str| {
        let mut spec = in_language("he", source);
        spec["video"] = json!({"title": "The Harbour", "year": 2024, "path": format!("{name}.mkv")});
        spec["hearingImpaired"] = json!("Exclude");
        spec["output"] = json!({"sidecar": "IfAbsent"});
        spec
    };
    stage.ask("a", undescribed("podnapisi")).await;
    let ready = payload(&stage.outcome("a").await);
    let text = stage.stored(&ready["subtitle_path"]);
    assert!(text.contains("שלום לכולם, הסירה יוצאת מהנמל בצהריים") && text.contains("(שירה)"), "{text}");
    // What was stored says what was asked, also to whoever finds it there.
    let sidecar = fs::read_to_string(stage.folder.join(format!("library/{name}.he.srt")));
    assert_eq!(sidecar.expect("a name without a flag"), text);
    stage.ask("again", undescribed("library")).await;
    let again = payload(&stage.outcome("again").await);
    assert_eq!(
        (&again["result"]["source"], &again["result"]["sha256"]),
        (&json!("library"), &ready["result"]["sha256"])
    );
    let mut described = undescribed("library");
    described["hearingImpaired"] = json!("Require");
    stage.ask("described", described).await;
    assert_eq!(payload(&stage.outcome("described").await)["reason"], "NoSubtitleFound");
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[tokio::test]
async fn scenario_11_whatever_is_no_subtitle_makes_room_for_the_next_candidate() {
    let bomb = vec![b'a'; 40 << 20];
    let outside = zipped(&[("../../etc/cron.d/harbour.srt", english("outside").as_bytes())]);
    let mut encrypted = zipped(&[("harbour.srt", english("secret").as_bytes())]);
    encrypted[6] |= 1; // the flag in the local header, and in the directory
    let directory = encrypted.windows(4).rposition(|four| four == b"PK\x01\x02").expect("a directory");
    encrypted[directory + 8] |= 1;
    for (name, bytes) in [
        ("an encrypted rar", b"Rar!\x1A\x07\x01\x00 and so on".to_vec()),
        ("an encrypted zip", encrypted),
        ("no cue", b"this film has no subtitles, sorry\n".to_vec()),
        ("a bomb", zipped(&[("harbour.srt", &bomb)])),
        ("another language", english("other").into_bytes()),
        ("a cut zip", outside[..60].to_vec()),
    ] {
        let provider = Provider::start("podnapisi");
        let bench = Bench::new(&[("podnapisi", &provider)]);
        provider.set(json!({"faults": [{"on": "download", "status": 200, "hex": hex(&bytes)}]})).await;
        assert!(
            ready(bench.answer("a", film()).await).contains(&format!("{CLEAN} Bb2H")),
            "{name}: the next candidate"
        );
    }
    let provider = Provider::start("podnapisi");
    let bench = Bench::new(&[("podnapisi", &provider)]);
    provider.set(json!({"faults": [{"on": "download", "status": 200, "hex": hex(&outside)}]})).await;
    let mut any = film();
    any["language"] = json!("en");
    assert!(ready(bench.answer("a", any).await).contains("number outside"), "a path in an archive leads nowhere");
    // Nothing but bad files: which, and why.
    let [page, cut] = ["page", "x"].map(|body| json!({"on": "download", "status": 200, "body": body}));
    provider.set(json!({"faults": [page, cut]})).await;
    let failure = failed(bench.answer("b", film()).await);
    assert_eq!(failure.reason.as_str(), "UnusableSubtitle", "{failure}");
    assert_eq!(failure.candidates.len(), 2);
    assert!(failure.candidates.iter().all(|one| one.rejection_reason.is_some()), "{:?}", failure.candidates);
}

#[tokio::test]
async fn scenario_13_a_season_gives_its_one_episode_and_two_episodes_need_both() {
    let (stage, provider, packs) =
        (Stage::new("s13").await, Provider::start("opensubtitles"), Provider::start("subdl"));
    let _worker = stage.worker("one", &[("opensubtitles", &provider), ("subdl", &packs)]);
    let episodes = |episodes: &[u16], source: &str| {
        json!({"video": {"title": "Low Tide", "season": 7, "episodes": episodes}, "language": "es", "translation": {"policy": "Never"},
            "sources": [{"name": source}]})
    };
    stage.ask("pack", episodes(&[10], "subdl")).await;
    let pack = payload(&stage.outcome("pack").await);
    let text = stage.stored(&pack["subtitle_path"]);
    assert!(text.contains("episode-10") && !text.contains("episode-8"), "{text}");
    stage.ask("both", episodes(&[10, 11], "opensubtitles")).await;
    stage.outcome("both").await;
    assert_eq!(provider.seen().await["paid"], json!(["311"]), "the only one that has both");
    stage.ask("none", episodes(&[8, 9], "opensubtitles")).await;
    let failed = payload(&stage.outcome("none").await);
    assert_eq!(failed["reason"], "NoSubtitleFound", "half a subtitle is none: {failed}");
}

#[tokio::test]
async fn scenario_15_a_result_is_reached_at_this_systems_own_address() {
    let (stage, provider) = (Stage::new("s15").await, Provider::start("opensubtitles"));
    let _worker = stage.worker("one", &[("opensubtitles", &provider)]);
    stage.ask("a", in_language("es", "opensubtitles")).await;
    let ready = payload(&stage.outcome("a").await);
    assert_eq!(ready["download_url"], "http://subtitles.example/subtitles/a/file");
    assert!(!ready.to_string().contains(&provider.url), "no provider's address: {ready}");
    let text = stage.stored(&ready["result"]["key"]);
    assert!(text.contains('ó') && !text.contains('\r'), "UTF-8 and LF");
}
