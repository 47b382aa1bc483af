//! Translation as the worker does it, against services that go wrong: what ships is exact, or nothing ships.

#[expect(dead_code, reason = "shared with the tests of tasks, which use the rest")]
#[path = "../tasks/bench.rs"]
mod bench;

mod clients;
mod costs;
mod glossary;
mod random;
mod routes;
mod scenarios;
mod shipped;

use std::{path::PathBuf, time::Duration};

use bench::{Bench, deliver, engine};
use subtitle_contract::{
    event::{Event, EventType},
    job::JobResult,
    payload::{Failed, Payload as _, Translated},
};
use subtitle_workers::{
    secret::Secret,
    task::Settlement,
    translate::{
        Engines, Translate,
        engines::{deepl::DeepL, libretranslate::LibreTranslate, openai::OpenAi, server::Server},
    },
};

use fakes::{Fake, assert_exact};
use subtitle_fakes::engines as fakes;

/// How a job ended.
#[derive(Debug)]
enum Ended {
    Shipped(String),
    Failed(Failed),
}

/// Runs a task through the worker.
async fn run<E: Translate>(bench: &Bench, engines: E, order: &[&'static str], task: &Event) -> Ended {
    let mut translator = bench.translator(engines);
    translator.order = order.iter().map(|name| engine(name)).collect();
    assert_eq!(deliver(&translator, &bench.context("w"), task).await.0, Settlement::Ack);
    let last = bench.outbox.events().pop().expect("it says something");
    if last.event_type == Failed::EVENT_TYPE {
        return Ended::Failed(last.read().expect("a failure"));
    }
    Ended::Shipped(text(bench, &last.read::<Translated>().expect("a result").result).await)
}

/// The text of a result.
async fn text(bench: &Bench, result: &JobResult) -> String {
    let bytes = bench.store.read(&result.key).await.expect("reads").expect("is there");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A job's result, as its event has it.
async fn result(bench: &Bench, job: &str) -> JobResult {
    let translated = bench.outbox.of(&EventType::Translated);
    let event = translated.iter().find(|event| event.job_id == job).expect("it was translated");
    event.read::<Translated>().expect("a result").result
}

fn spec(language: &str) -> serde_json::Value {
    serde_json::json!({ "video": { "title": "Harbour" }, "language": language })
}

/// A server without the pauses of production.
fn server(url: &str, key: Option<&str>) -> Server {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Server::new(reqwest::Client::new(), url, key.map(secret), Duration::from_millis(1))
}

/// A secret of its own file.
fn secret(key: &str) -> Secret {
    let file: PathBuf = std::env::temp_dir().join(format!("subtitles-key-{}", uuid::Uuid::now_v7()));
    std::fs::write(&file, format!("{key}\n")).expect("written");
    let secret = Secret::read(&file).expect("reads");
    let _ = std::fs::remove_file(&file);
    secret
}

fn deepl(fake: &Fake) -> Engines {
    Engines::default().with(DeepL::new(server(&fake.url, Some(fakes::deepl::KEY))))
}

fn openai(fake: &Fake) -> Engines {
    let url = format!("{}/v1", fake.url);
    Engines::default().with(OpenAi::new(server(&url, Some(fakes::openai::KEY)), fakes::openai::MODEL.to_owned()))
}

fn libretranslate(fake: &Fake) -> Engines {
    Engines::default().with(LibreTranslate::new(server(&fake.url, Some(fakes::libretranslate::KEY))))
}
