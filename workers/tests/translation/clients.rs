//! Each client against its service: the documented way, and what a service may do to it.

use futures::FutureExt as _;
use subtitle_contract::{job::VariantMatch, language::Language};
use subtitle_telemetry::chain;
use subtitle_workers::translate::{
    Engines, Translate as _, TranslationContext, TranslationRequest,
    engines::{apertium::apy::Apy, deepl::DeepL, libretranslate::LibreTranslate, openai::OpenAi},
};

use crate::{
    Ended,
    bench::{Bench, engine},
    deepl,
    fakes::{self, Fake, Fault, SENTENCES, srt_file},
    libretranslate, openai, run, server, spec,
};

fn tag(text: &str) -> Language {
    Language::parse(text).expect("a tag")
}

async fn all() -> [(&'static str, Fake, Engines); 4] {
    let [apy, libre] = [fakes::apy::serve().await, fakes::libretranslate::serve().await];
    let [paid, model] = [fakes::deepl::serve().await, fakes::openai::serve(true).await];
    [
        ("apertium-apy", apy.clone(), Engines::default().with(Apy::new(server(&apy.url, None)))),
        ("libretranslate", libre.clone(), libretranslate(&libre)),
        ("deepl", paid.clone(), deepl(&paid)),
        ("openai", model.clone(), openai(&model)),
    ]
}

async fn ask(engines: &Engines, name: &str, texts: &[String]) -> Result<Vec<String>, String> {
    let (from, to) = (&tag("en"), &tag("es"));
    let request = TranslationRequest {
        from,
        to,
        variants: VariantMatch::Base,
        texts,
        seed: "",
        context: TranslationContext::default(),
    };
    let answers = engines.translate(engine(name), request).await;
    answers.map_err(|error| chain(&error).to_string())
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("{} {}", SENTENCES[at % SENTENCES.len()].0, at + 100)).collect()
}

#[tokio::test]
async fn every_client_gets_one_answer_for_each_text_with_its_tags() {
    for (engine, _, engines) in all().await {
        let texts = texts(60);
        let answers = ask(&engines, engine, &texts).await.expect("answers");
        for (at, (text, answer)) in texts.iter().zip(&answers).enumerate() {
            let (english, spanish) = SENTENCES[at % SENTENCES.len()];
            assert_eq!(*answer, text.replace(english, spanish), "{engine}");
        }
    }
}

#[tokio::test]
async fn pairs_are_known_before_anything_is_sent() {
    for (engine, fake, engines) in all().await {
        let supports = async |to: &str, variants| {
            engines.supports(crate::bench::engine(engine), &tag("en"), &tag(to), variants).await.expect("answers")
        };
        assert!(supports("es", VariantMatch::Exact).await, "{engine}");
        if engine != "openai" {
            assert!(!supports("fi", VariantMatch::Base).await, "{engine}");
        }
        if matches!(engine, "deepl" | "libretranslate") {
            assert!(!supports("pt", VariantMatch::Exact).await, "{engine}");
            assert!(supports("pt", VariantMatch::Base).await, "{engine}: a Brazilian translation serves by policy");
            assert!(!supports("zh-Hant", VariantMatch::Script).await, "{engine}");
        }
        assert_eq!(fake.calls(), 0, "{engine}");
    }
}

#[tokio::test]
async fn a_busy_or_broken_service_is_asked_again_and_then_left() {
    for (engine, fake, engines) in all().await {
        fake.queue_faults([Fault::RateLimited(0), Fault::Status(503, "<html>down</html>")]);
        assert_eq!(ask(&engines, engine, &texts(2)).await.expect("answers").len(), 2, "{engine}");
        assert_eq!(fake.calls(), 3, "{engine}");
        fake.set_default_fault(Fault::Status(500, "{}"));
        let error = ask(&engines, engine, &texts(2)).await.expect_err("is down");
        assert!(error.contains("it answered 500"), "{error}");
        assert_eq!(fake.calls(), 3 + 5, "{engine}");
    }
}

#[tokio::test]
async fn a_long_wait_is_a_cooldown_for_every_job() {
    for (engine, fake, engines) in all().await {
        fake.set_default_fault(Fault::RateLimited(3600));
        ask(&engines, engine, &texts(2)).await.expect_err("is busy");
        assert_eq!(fake.calls(), 1, "{engine}: no task is held for an hour");
        let cooldown = engines.cooldown(crate::bench::engine(engine)).expect("cools down");
        let wait = cooldown.until.duration_since(jiff::Timestamp::now()).as_secs();
        assert!((3500..=3600).contains(&wait), "{engine}: {wait}");
    }
}

#[tokio::test]
async fn used_up_quota_is_not_asked_again() {
    let fake = fakes::deepl::serve().await;
    fake.set_quota(10);
    let engines = deepl(&fake);
    let error = ask(&engines, "deepl", &texts(2)).await.expect_err("456");
    assert!(error.contains("quota"), "{error}");
    assert_eq!((fake.calls(), engines.cooldown(engine("deepl")).is_some()), (1, true));

    let fake = fakes::openai::serve(true).await;
    fake.set_default_fault(Fault::Status(429, "{\"error\": {\"code\": \"insufficient_quota\"}}"));
    let engines = openai(&fake);
    ask(&engines, "openai", &texts(2)).await.expect_err("no quota");
    assert_eq!((fake.calls(), engines.cooldown(engine("openai")).is_some()), (1, true));
}

#[tokio::test]
async fn a_limit_on_texts_is_met_by_halves() {
    let fake = fakes::libretranslate::serve().await;
    assert_eq!(ask(&libretranslate(&fake), "libretranslate", &texts(50)).await.expect("answers").len(), 50);
    let sizes: Vec<usize> = fake.texts().iter().map(Vec::len).collect();
    assert_eq!(sizes, [50, 25, 12, 13, 25, 12, 13]);
}

#[tokio::test]
async fn a_server_without_schemas_is_asked_for_one_only_once() {
    let fake = fakes::openai::serve(false).await;
    let engines = openai(&fake);
    for _ in 0..2 {
        ask(&engines, "openai", &texts(2)).await.expect("answers");
    }
    assert!(fake.bodies().iter().all(|body| body.get("response_format").is_none()));
    assert_eq!(fake.calls(), 2);
}

#[tokio::test]
async fn a_model_that_errs_is_told_what_was_wrong_once() {
    for fault in [Fault::Drop, Fault::Swap, Fault::Empty, Fault::Echo] {
        let fake = fakes::openai::serve(true).await;
        fake.queue_faults([fault]);
        let answers = ask(&openai(&fake), "openai", &texts(4)).await.expect("answers");
        assert!(answers.iter().all(|answer| !answer.is_empty()), "{fault:?}");
        let bodies = fake.bodies();
        assert_eq!(bodies.len(), 2, "{fault:?}");
        let complaint = bodies[1]["messages"][2]["content"].as_str().expect("a complaint");
        assert!(complaint.starts_with("Your last answer was rejected: id "), "{complaint}");
    }
}

#[tokio::test]
async fn a_model_is_shown_the_lines_around_and_the_names_that_were_kept() {
    let fake = fakes::openai::serve(true).await;
    let bench = Bench::new();
    let film = srt_file(60).replace("The harbour is quiet tonight", "Look, Anna Brown is here tonight");
    let task = bench.task_of("a", &film, spec("es")).await;
    let Ended::Shipped(_) = Box::pin(run(&bench, openai(&fake), &["openai"], &task)).await else { panic!("ships") };
    let asked = |at: usize| -> serde_json::Value {
        let body = &fake.bodies()[at];
        serde_json::from_str(body["messages"][1]["content"].as_str().expect("a text")).expect("JSON")
    };
    let lines = |asked: &serde_json::Value, side: &str| asked[side].as_array().map_or(0, Vec::len);
    // 25 and 25 lines of the first batch, 10 of the second.
    let [first, second, third] = [asked(0), asked(1), asked(2)];
    assert_eq!([lines(&first, "before"), lines(&first, "lines"), lines(&first, "after")], [0, 25, 4]);
    assert_eq!([lines(&second, "before"), lines(&second, "lines"), lines(&second, "after")], [4, 25, 4]);
    assert_eq!([lines(&third, "before"), lines(&third, "lines"), lines(&third, "after")], [4, 10, 0]);
    assert_eq!(second["before"][3], first["lines"][24]["text"]);
    assert_eq!((first.get("names"), third["names"].clone()), (None, serde_json::json!(["Anna", "Brown"])));
}

#[tokio::test]
async fn calls_of_one_engine_at_once_are_bounded_and_others_do_not_wait_for_it() {
    let engines = Engines::default().with_max_concurrent_calls(2);
    let held = [engines.permit(engine("deepl")).await, engines.permit(engine("deepl")).await];
    assert!(engines.permit(engine("deepl")).now_or_never().is_none());
    assert!(engines.permit(engine("openai")).now_or_never().flatten().is_some());
    drop(held);
    assert!(engines.permit(engine("deepl")).now_or_never().flatten().is_some());
}

#[tokio::test]
async fn fences_thoughts_and_cut_off_answers_cost_nothing_but_a_call() {
    for (fault, calls) in [(Fault::Fence, 1), (Fault::ThinkBlock, 1), (Fault::CutByLengthLimit, 3)] {
        let fake = fakes::openai::serve(true).await;
        fake.queue_faults([fault]);
        let answers = ask(&openai(&fake), "openai", &texts(4)).await.expect("answers");
        assert!(answers.iter().all(|answer| !answer.is_empty()), "{fault:?}");
        assert_eq!(fake.calls(), calls, "{fault:?}");
    }
}

#[tokio::test]
async fn no_key_is_ever_in_an_error_an_event_or_a_failure() {
    let key = "sk-very-secret-0001";
    let libre = fakes::libretranslate::serve().await;
    let model = fakes::openai::serve(true).await;
    let paid = fakes::deepl::serve().await;
    for (engine, engines) in [
        ("libretranslate", Engines::default().with(LibreTranslate::new(server(&libre.url, Some(key))))),
        (
            "openai",
            Engines::default().with(OpenAi::new(server(&format!("{}/v1", model.url), Some(key)), "m".to_owned())),
        ),
        ("deepl", Engines::default().with(DeepL::new(server(&paid.url, Some(key))))),
    ] {
        let bench = Bench::new();
        let task = bench.task_of("a", &srt_file(3), spec("es")).await;
        let Ended::Failed(failed) = run(&bench, engines, &[engine], &task).await else { panic!("it is the wrong key") };
        let events = serde_json::to_string(&bench.outbox.events()).expect("JSON");
        assert!(!failed.error_message.contains(key) && !events.contains(key), "{engine}: {}", failed.error_message);
        assert!(failed.error_message.contains("key"), "{engine}: {}", failed.error_message);
    }
}
