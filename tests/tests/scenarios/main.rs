//! Failures of translation services: the translator's program on a real RabbitMQ, with failing services behind real sockets. Each
//! test names the number of its scenario in the list. Does I/O.

mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use subtitle_contract::{job::VariantMatch, reason::Reason};
use subtitle_fakes::engines::{self as fakes, Fault, assert_exact, srt_file};
use world::{Ended, Keys, WRONG_KEY, World};

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let polled = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), polled).await.unwrap_or_else(|_| panic!("timed out waiting: {what}"));
}

fn by(engine: &str) -> serde_json::Value {
    json!({ "engines": [{ "name": engine }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_06_a_killed_translator_loses_no_line_and_repeats_only_the_batch_in_progress() {
    let mut world = World::start("scenario-06", Keys::Right).await;
    let film = srt_file(600); // twelve batches
    // It is killed with the fourth batch unfinished.
    world.deepl.queue_faults([Fault::None, Fault::None, Fault::None, Fault::RateLimited(50)]);
    world.ask("killed", &film, "es", by("deepl")).await;
    until("the fourth batch", async || world.deepl.calls() == 4).await;
    world.translator.restart().expect("restarts");
    let Ended::Shipped(_, shipped) = world.ended("killed").await else { panic!("the job failed") };
    assert_exact(&film, &shipped);
    assert_eq!(world.deepl.calls(), 4 + 9, "not only the unfinished batches were sent");
    let mut paid: Vec<String> = world.deepl.texts().into_iter().flatten().collect();
    assert_eq!(paid.len(), 600 + 50, "not exactly one batch was sent twice");
    paid.sort();
    paid.dedup();
    assert_eq!(paid.len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_07_whatever_an_engine_returns_the_file_is_exact_or_the_job_fails_and_names_the_cues() {
    let mut world = World::start("scenario-07", Keys::Right).await;
    let film = srt_file(50);
    for engine in ["deepl", "openai", "libretranslate"] {
        for (at, fault) in [
            Fault::Drop, // 49 of 50
            Fault::Merge,
            Fault::Swap,
            Fault::Fence,
            Fault::Echo,
            Fault::CutByLengthLimit,
            Fault::Truncate,
            Fault::RateLimited(0),
        ]
        .into_iter()
        .enumerate()
        {
            let fake = match engine {
                "deepl" => &world.deepl,
                "openai" => &world.openai,
                _ => &world.libre,
            };
            fake.queue_faults([fault, fault]);
            let job = format!("{engine}-{at}");
            world.ask(&job, &film, "es", by(engine)).await;
            match world.ended(&job).await {
                Ended::Shipped(_, shipped) => assert_exact(&film, &shipped),
                Ended::Failed(failed) => panic!("{engine} {fault:?}: {}", failed.error_message),
            }
        }
    }
    world.openai.set_default_fault(Fault::Echo);
    world.ask("echo", &film, "es", by("openai")).await;
    let Ended::Failed(failed) = world.ended("echo").await else { panic!("an untranslated response was stored") };
    assert_eq!(failed.reason, Reason::TranslationIncomplete);
    assert!(failed.error_message.contains("cue 1: it came back untranslated"), "{}", failed.error_message);

    // 429, a batch, then 456.
    let before = world.deepl.calls();
    world.deepl.queue_faults([Fault::RateLimited(0)]);
    world.deepl.set_quota(50 * 60);
    world.ask("quota", &fakes::srt_file(100), "es", by("deepl")).await;
    let Ended::Failed(failed) = world.ended("quota").await else {
        panic!("the job finished although the quota is used up")
    };
    assert_eq!((failed.reason.clone(), failed.retryable), (Reason::EngineUnavailable.into(), true));
    assert!(failed.not_before.is_some_and(|time| time > jiff::Timestamp::now()), "{failed:?}");
    assert_eq!(world.deepl.calls() - before, 3, "texts were sent after the quota was used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_08_the_policy_decides_on_a_variant_and_the_result_shows_its_tier() {
    let mut world = World::start("scenario-08", Keys::Right).await;
    let film = srt_file(6);
    let mut exact = by("libretranslate");
    exact["variants"] = json!("Exact");
    world.ask("exact", &film, "es-MX", exact).await;
    let Ended::Failed(failed) = world.ended("exact").await else {
        panic!("the job finished although the server has only 'es'")
    };
    assert_eq!((failed.reason, world.libre.calls()), (Reason::LanguagePairUnsupported.into(), 0));
    world.ask("near", &film, "es-MX", by("libretranslate")).await;
    let Ended::Shipped(result, shipped) = world.ended("near").await else { panic!("the job failed") };
    assert_exact(&film, &shipped);
    assert_eq!((result.variant, result.language.as_str()), (Some(VariantMatch::Script.into()), "es-MX"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_12_an_ass_file_changes_only_in_its_dialogue() {
    let mut world = World::start("scenario-12", Keys::Right).await;
    let ass = "[Script Info]\nTitle: Harbour\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n\
               Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n\
               Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,a note\n\
               Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\k20}Sail{\\k30}ing {\\kf10}home\n\
               Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n\
               Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\pos(9,9)}The harbour is quiet tonight, number 7\n";
    world.ask("ass", ass, "es", by("deepl")).await;
    let Ended::Shipped(_, shipped) = world.ended("ass").await else { panic!("the job failed") };
    let spanish = "El puerto está tranquilo\\Nesta noche, número 7";
    assert_eq!(shipped, ass.replace("The harbour is quiet tonight, number 7", spanish));
    assert_eq!(world.deepl.texts(), [["The harbour is quiet tonight, number 7"]], "other text was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_14_an_impossible_pair_or_a_wrong_key_fails_before_anything_is_spent() {
    let mut world = World::start("scenario-14", Keys::Wrong).await;
    for (job, engine, language, reason) in [
        ("pair", "apertium", "fi", Reason::LanguagePairUnsupported),
        ("deepl", "deepl", "es", Reason::EngineForbidden),
        ("libre", "libretranslate", "es", Reason::EngineForbidden),
        ("openai", "openai", "es", Reason::EngineForbidden),
    ] {
        world.ask(job, &srt_file(6), language, by(engine)).await;
        let Ended::Failed(failed) = world.ended(job).await else { panic!("{job} finished although it is impossible") };
        assert_eq!((failed.reason, failed.retryable), (reason.into(), false), "{}", failed.error_message);
        assert!(!failed.error_message.contains(WRONG_KEY), "{}", failed.error_message);
    }
    let sent = [&world.deepl, &world.libre, &world.openai].map(fakes::Fake::calls);
    assert_eq!(sent, [0, 0, 0], "text was sent");

    // The downloader learns this from the translator, and calls no source.
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let library = axum::Router::new().fallback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(axum::http::StatusCode::NOT_FOUND)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, library).await });
    until("the announcement", async || {
        world.store.read("_translators/pairs.json").await.is_ok_and(|announced| announced.is_some())
    })
    .await;
    let _downloader = world.downloader(&url);
    for (job, engine, language, reason) in [
        ("download-pair", "apertium", "fi", Reason::LanguagePairUnsupported),
        ("download-key", "deepl", "es", Reason::EngineForbidden),
    ] {
        let mut translation = by(engine);
        translation["policy"] = json!("Always");
        world.ask_to_find(job, language, translation).await;
        let Ended::Failed(failed) = world.ended(job).await else { panic!("{job} finished although it is impossible") };
        assert_eq!((failed.reason, asked.load(Ordering::SeqCst)), (reason.into(), 0), "{}", failed.error_message);
    }
}
