//! Whole tasks through the worker with real models: a worker that is killed, and an engine that has to be paid in front.

#[expect(dead_code, reason = "shared with the tests of tasks, which use the rest")]
#[path = "../tasks/bench.rs"]
mod bench;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bench::{Bench, deliver, engine};
use subtitle_contract::{
    event::{Event, EventType},
    job::{JobResult, VariantMatch},
    language::Language,
    payload::Translated,
};
use subtitle_fakes::engines::{self as fakes, Fault, film, openai, srt_file};
use subtitle_tests::temporary_folder;
use subtitle_workers::{
    secret::Secret,
    subtitle::Subtitle,
    task::Settlement,
    translate::{
        EngineError, EngineId, Engines, Translate, TranslationRequest,
        engines::{openai::OpenAi, server::Server},
    },
};
use tokio::sync::Notify;

use crate::{dialogue, engine as firefox, installed};

/// Engines that note each text they get; after so many calls the next one never ends.
struct Noted {
    engines: Engines,
    calls: Mutex<Vec<Vec<String>>>,
    hangs_after: Option<usize>,
    hangs: Arc<Notify>,
}

impl Translate for Noted {
    async fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<bool, EngineError> {
        self.engines.supports(engine, from, to, variants).await
    }

    async fn translate(&self, engine: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        let call = {
            let mut calls = self.calls.lock().expect("not poisoned");
            calls.push(request.texts.to_vec());
            calls.len()
        };
        if self.hangs_after.is_some_and(|calls| call > calls) {
            self.hangs.notify_one();
            std::future::pending::<()>().await;
        }
        self.engines.translate(engine, request).await
    }

    fn edition(&self, engine: EngineId, languages: &[&Language]) -> String {
        self.engines.edition(engine, languages)
    }
}

/// Engines whose fake knows Spanish only: it is called and paid, and its answers are put into Portuguese by the model.
struct InPortuguese(Engines);

impl Translate for InPortuguese {
    async fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<bool, EngineError> {
        self.0.supports(engine, from, to, variants).await
    }

    async fn translate(&self, engine: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        self.0.translate(engine, request.clone()).await?;
        self.0.translate(bench::engine("firefox"), request).await
    }
}

async fn results(bench: &Bench) -> Vec<(JobResult, String)> {
    let mut results = Vec::new();
    for event in bench.outbox.of(&EventType::Translated) {
        let result = event.read::<Translated>().expect("a result").result;
        let bytes = bench.store.read(&result.key).await.expect("reads").expect("is there");
        results.push((result, String::from_utf8(bytes.to_vec()).expect("UTF-8")));
    }
    results
}

fn spec(language: &str) -> serde_json::Value {
    serde_json::json!({ "video": { "title": "Harbour" }, "language": language })
}

#[tokio::test]
async fn a_worker_that_is_killed_in_its_second_batch_loses_none_of_the_first() {
    let Some(folder) = installed("firefox-resume") else { return };
    let bench = Bench::new();
    let lines = dialogue::lines(0, 560, 0);
    let task = bench.task_of("a", &film(&lines), spec("pt")).await;
    let noted = |hangs_after| {
        let engines = Engines::default().with(firefox(&folder));
        let mut translator =
            bench.translator(Noted { engines, calls: Mutex::default(), hangs_after, hangs: Arc::default() });
        translator.order = vec![engine("firefox")];
        translator
    };
    let killed = noted(Some(1));
    let hangs = killed.engines.hangs.clone();
    let context = bench.context("killed");
    tokio::select! {
        settled = deliver(&killed, &context, &task) => panic!("it hangs in its second batch: {settled:?}"),
        () = hangs.notified() => {}
    }
    let next = noted(None);
    assert_eq!(deliver(&next, &bench.context("next"), &task).await.0, Settlement::Ack);
    let [killed, next] = [killed, next].map(|one| one.engines.calls.into_inner().expect("not poisoned"));
    assert_eq!(killed.len(), 2);
    let again = next.iter().flatten().filter(|text| killed[0].contains(text)).count();
    assert_eq!(again, 0, "nothing of the stored batch");
    assert_eq!(next[0], killed[1], "the batch that was lost");
    let shipped = results(&bench).await;
    assert_eq!(Subtitle::read(&shipped[0].1).expect("cues").cues.len(), lines.len());
}

/// What was sent to a fake, and how often.
fn sent(fake: &fakes::Fake) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    fake.texts().into_iter().flatten().for_each(|text| *sent.entry(text).or_default() += 1);
    sent
}

#[tokio::test]
async fn when_an_engine_that_costs_money_stops_the_next_one_translates_and_what_was_answered_is_not_sent_again() {
    let Some(folder) = installed("firefox-fallback") else { return };
    let fake = openai::serve(true).await;
    let key = temporary_folder("firefox-fallback-key").expect("a folder").join("key");
    std::fs::write(&key, openai::KEY).expect("written");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = Secret::read(&key).expect("reads");
    let server = Server::new(reqwest::Client::new(), &format!("{}/v1", fake.url), Some(key), Duration::from_millis(1));
    let openai = OpenAi::new(server, openai::MODEL.to_owned());
    let engines = InPortuguese(Engines::default().with(openai).with(firefox(&folder)));
    let bench = &Bench::new();
    let mut wanted = spec("pt");
    wanted["translation"] = serde_json::json!({ "engines": [{ "name": "openai" }, { "name": "firefox" }] });
    let task: Event = bench.task_of("first", &srt_file(120), wanted).await;

    // The first batch is answered, then the server is away.
    fake.queue_faults([Fault::None]);
    fake.set_default_fault(Fault::Status(503, "away"));
    assert_eq!(deliver(&bench.translator(engines), &bench.context("w"), &task).await.0, Settlement::Ack);
    let (result, text) = results(bench).await.remove(0);
    assert_eq!(result.engine.as_deref(), Some("firefox"));
    assert_eq!(Subtitle::read(&text).expect("cues").cues.len(), 120);
    let paid = fake.texts()[0].clone();
    let sent = sent(&fake);
    assert!(!paid.is_empty() && paid.iter().all(|text| sent[text] == 1), "what was answered is sent once: {sent:?}");
}
