//! One account, many workers: the provider sees no call above its limit, and what it said to one holds for all.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::json;
use subtitle_broker::{Address, AmqpSession, Session as _};
use subtitle_contract::reason::Reason;
use subtitle_workers::{
    find::providers::rate_limit::{Limits, RateLimiter, SharedLimiter},
    store::{Store, sha256},
};
use tokio::sync::watch;

use crate::{
    bench::{Bench, Secrets, failed, film, ready},
    providers::{Provider, spanish},
    stage::host,
};

/// A worker with a session of its own, as a process has.
struct Worker {
    bench: Bench,
    session: watch::Sender<Option<Arc<AmqpSession>>>,
}

async fn workers(url: &str, provider: &Provider, store: &Store, many: usize) -> Vec<Worker> {
    static LOGS: std::sync::Once = std::sync::Once::new();
    LOGS.call_once(subtitle_workers::program::common::init); // what a worker says when a test has failed
    let worker = async |at: usize| {
        let opened = AmqpSession::open(&Address::url(url), &format!("worker-{at}")).await.expect("connects");
        let session = watch::Sender::new(Some(Arc::new(opened)));
        let secrets = Secrets::new();
        let arguments = secrets.arguments(&[("opensubtitles", provider)]);
        let limiters = |queue, limits| RateLimiter::Shared(SharedLimiter::start(queue, limits, session.subscribe()));
        Worker { bench: Bench::with(secrets, &arguments, store.clone(), &limiters), session }
    };
    join_all((0..many).map(worker)).await
}

fn memory() -> Store {
    Store::open(&"memory:".parse().expect("a URL")).expect("opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_workers_keep_to_one_accounts_limit_also_when_the_one_that_counts_goes() {
    let provider = Provider::start("opensubtitles");
    let (url, store) = (host("limits").await, memory());
    let ask = async |worker: &Worker| worker.bench.list("opensubtitles", film()["video"].clone(), &["es"]).await;
    // These three are there first, so that one of them keeps the ledger.
    let first = workers(&url, &provider, &store, 3).await;
    assert_eq!(ask(&first[0]).await.expect("its turn").len(), 5);
    let others = workers(&url, &provider, &store, 7).await;
    let begun = Instant::now();
    let leaving = async {
        let busy = join_all(first.iter().chain(&first).map(&ask));
        let _ = tokio::time::timeout(Duration::from_secs(2), busy).await;
        for gone in &first {
            gone.session.send_replace(None).expect("it had one").close().await;
        }
    };
    let asking = async {
        tokio::time::sleep(Duration::from_millis(500)).await; // behind the others' wishes
        join_all((0..35).map(|at| ask(&others[at % 7]))).await
    };
    let (asked, ()) = tokio::join!(asking, leaving);
    for found in asked {
        assert_eq!(found.expect("every wish gets its turn").len(), 5);
    }
    let seen = provider.seen().await;
    let calls = seen["calls"]["search"].as_u64().expect("calls");
    eprintln!("{calls} calls of 10 workers in {:.1} s", begun.elapsed().as_secs_f64());
    assert!(calls > 36, "those that left called, too: {calls}");
    assert_eq!(seen["violations"], json!([]), "no call above the limit, and so no 429");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_said_to_one_worker_holds_for_all() {
    let provider = Provider::start("opensubtitles");
    provider.set(json!({"password": "another one", "quota": 1})).await;
    let workers = workers(&host("notices").await, &provider, &memory(), 4).await;
    for worker in &workers {
        let failure = failed(worker.bench.answer("a", film()).await);
        assert_eq!(failure.reason, Reason::SourceForbidden, "{failure}");
    }
    assert_eq!(provider.calls("login").await, 1, "a wrong password is tried once, not once a worker");
    for worker in &workers {
        worker.bench.secrets.write("password", "another one");
    }
    ready(workers[0].bench.answer("b", film()).await);
    let english = json!({"video": film()["video"], "language": "en", "translation": {"policy": "Never"}});
    for worker in &workers {
        let failure = failed(worker.bench.answer("c", english.clone()).await);
        assert_eq!(failure.reason, Reason::SourceQuotaExhausted, "{failure}");
        assert_eq!(failure.not_before.map(|time| time.to_string()).as_deref(), Some("2099-02-13T23:59:59.999Z"));
    }
    assert_eq!(provider.calls("download").await, 1, "the last of the day said that it was the last");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_workers_that_want_one_file_at_once_one_pays() {
    let provider = Provider::start("opensubtitles");
    let workers = workers(&host("once").await, &provider, &memory(), 5).await;
    let jobs = ["a", "b", "c", "d", "e"];
    let texts =
        join_all(workers.iter().zip(jobs).map(async |(worker, job)| ready(worker.bench.answer(job, film()).await)))
            .await;
    assert!(texts.iter().all(|text| text == &texts[0]));
    assert_eq!(provider.seen().await["paid"], json!(["102"]));
}

/// What a lost claim was: an object under its folder that somebody else wrote.
async fn taken_over(store: &Store, folder: &str) {
    let claimed = async {
        loop {
            if let [number] = store.names(folder).await.expect("reads").as_slice() {
                return number.parse::<u64>().expect("a number");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let number = tokio::time::timeout(Duration::from_secs(60), claimed).await.expect("it takes the claim");
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5);
    let other = json!({"owner": "another worker", "expires": until}).to_string();
    assert!(store.create(&format!("{folder}/{:08}", number + 1), other.into()).await.expect("written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_loses_its_claim_before_it_paid_does_not_pay() {
    let (provider, store) = (Provider::start("opensubtitles"), memory());
    let secrets = Secrets::new();
    let arguments = secrets.arguments(&[("opensubtitles", &provider)]);
    // So slow that the claim is renewed before the login's turn, and again before the payment's.
    let slow = Limits { interval: Duration::from_secs(25), logins: &[] };
    let bench = Bench::with(secrets, &arguments, store.clone(), &|_, _| RateLimiter::local(slow));
    let name = &sha256(b"opensubtitles:102")[..40];
    let other = async {
        taken_over(&store, &format!("standalone/claims/fetch-{name}")).await;
        // It pays, and this worker has what it paid for.
        store
            .create(&format!("standalone/fetched/{name}"), spanish("of another worker").into())
            .await
            .expect("written");
    };
    let (answer, ()) = tokio::join!(bench.answer("a", film()), other);
    assert!(ready(answer).contains("of another worker"));
    assert_eq!(provider.seen().await["calls"], json!({"search": 1}), "neither login nor payment");
}
