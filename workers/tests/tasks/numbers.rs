//! Each number of a worker moves when what it counts happens, and the reference is made from the same table.

use std::{path::Path, sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, source},
    payload::TranslateRequested,
    topology::TRANSLATE_QUEUE,
};
use subtitle_tests::documents::golden::assert_file;
use subtitle_workers::{
    metrics::WorkerMetrics,
    task::{DeliveredTask, Settlement, Work as _, handle},
};

use crate::bench::{Bench, CountingEngine, deletion, deliver, download, subject};

/// Moved by a program or a session only: the first is set by the program, `tests/tests/degradation` moves the next two, the
/// broker's adapter counts what it publishes, and `workers/tests/scan` moves those of scans.
const MOVED_ELSEWHERE: [&str; 8] = [
    "subtitle_scanned_videos_total",
    "subtitle_scan_seconds",
    "subtitle_model_kernel",
    "subtitle_broker_connected",
    "subtitle_queue_messages_unacked",
    "subtitle_events_published_total",
    "subtitle_dead_letters_published_total",
    "subtitle_publish_seconds",
];

fn finished(bench: &Bench, labels: &str) -> u64 {
    bench.number(&format!("subtitle_tasks_finished_total{{queue=\"{TRANSLATE_QUEUE}\",{labels}}}"))
}

async fn tasks_in_every_way(bench: &Bench) {
    let task = bench.task("a", 120).await;
    let context = bench.context("w");

    context.cancelled.insert(&deletion("deleted"), Duration::ZERO);
    let deleted = bench.task("deleted", 120).await;
    deliver(&bench.translator(CountingEngine::default()), &context, &deleted).await;
    assert_eq!(finished(bench, "outcome=\"cancelled\",reason=\"\""), 1);

    let malformed = DeliveredTask { routing_key: "k", body: b"<html>", delivery_count: 1 };
    handle(&bench.translator(CountingEngine::default()), &context, malformed).await.expect("settles");
    assert_eq!(finished(bench, "outcome=\"malformed\",reason=\"\""), 1);
    assert_eq!(bench.number(&format!("subtitle_tasks_redelivered_total{{queue=\"{TRANSLATE_QUEUE}\"}}")), 1);
    assert_eq!(bench.outbox.dead().len(), 1);

    let silent = bench.translator(CountingEngine { says_nothing: true, ..CountingEngine::default() });
    deliver(&silent, &context, &task).await;
    assert_eq!(finished(bench, "outcome=\"failed\",reason=\"TranslationIncomplete\""), 1);
    assert_eq!(
        bench.number("subtitle_engine_calls_total{engine=\"deepl\",outcome=\"rejected\"}"),
        16,
        "smaller and smaller groups, until it is given up"
    );

    let slow = bench.translator(CountingEngine { takes: Duration::from_secs(20), ..CountingEngine::default() });
    let folder = slow.claim(&subject("a"), &task.read::<TranslateRequested>().expect("a task"));
    let data = serde_json::to_vec(&task).expect("JSON");
    let delivered = DeliveredTask { routing_key: TRANSLATE_QUEUE, body: &data, delivery_count: 0 };
    tokio::select! {
        settled = handle(&slow, &context, delivered) => assert_eq!(settled.expect("settles"), Settlement::Requeue),
        never = bench.rob(&folder) => match never {},
    }
    assert_eq!(finished(bench, "outcome=\"claim_lost\",reason=\"\""), 1);
    assert_eq!(bench.number(&format!("subtitle_claims_lost_total{{queue=\"{TRANSLATE_QUEUE}\"}}")), 1);

    let stopping = bench.context("stopping");
    stopping.stop.cancel();
    assert_eq!(handle(&slow, &stopping, delivered).await.expect("settles"), Settlement::Requeue, "the robber has it");
    assert_eq!(finished(bench, "outcome=\"handed_back\",reason=\"\""), 1);
    bench.store.remove(&format!("{folder}/00000000")).await.expect("the robber is done");

    let slower = bench.translator(CountingEngine { takes: Duration::from_secs(1000), ..CountingEngine::default() });
    deliver(&slower, &context, &task).await;
    assert_eq!(finished(bench, "outcome=\"continued\",reason=\"\""), 1);

    let quick = bench.translator(CountingEngine::default());
    deliver(&quick, &context, &task).await;
    assert_eq!(finished(bench, "outcome=\"done\",reason=\"\""), 1);
    assert_eq!(bench.number("subtitle_cache_hits_total{kind=\"batch\"}"), 1 + 2, "of the robbed and the slower one");
    deliver(&quick, &context, &task).await;
    assert_eq!(bench.number("subtitle_cache_hits_total{kind=\"translated\"}"), 1);
    let paid = [&slow, &slower, &quick].map(|translator| translator.engines.calls.load(Ordering::SeqCst));
    let counted = bench.number("subtitle_engine_calls_total{engine=\"deepl\",outcome=\"translated\"}");
    assert_eq!(counted, u64::from(paid.iter().sum::<u32>()));
    assert_eq!(bench.number(&format!("subtitle_tasks_taken_total{{queue=\"{TRANSLATE_QUEUE}\"}}")), 8);
}

async fn a_download_and_the_same_again(bench: &Bench) {
    let (downloader, task) = (bench.downloader(Duration::ZERO), download());
    for job in ["b", "c"] {
        let task = Event::new(&subject(job), source::MANAGER, Timestamp::UNIX_EPOCH, &task);
        assert_eq!(deliver(&downloader, &bench.context("d"), &task).await, (Settlement::Ack, 1));
    }
    let requests =
        |labels: &str| bench.number(&format!("subtitle_source_requests_total{{source=\"simulated\",{labels}}}"));
    assert_eq!(requests("request=\"list\",outcome=\"found\""), 2);
    assert_eq!(requests("request=\"fetch\",outcome=\"found\""), 1);
    assert_eq!(bench.number("subtitle_cache_hits_total{kind=\"found\"}"), 1);
}

#[tokio::test(start_paused = true)]
async fn every_number_is_moved_by_what_it_counts() {
    let bench = Bench::new();
    Box::pin(tasks_in_every_way(&bench)).await;
    a_download_and_the_same_again(&bench).await;
    let text = bench.registry.text();
    for name in bench.registry.names().filter(|name| !MOVED_ELSEWHERE.contains(name)) {
        let counts = |line: &str| line.starts_with(name) && !line.ends_with("} 0");
        assert!(text.lines().any(counts), "nothing here moves {name}:\n{text}");
    }
    for word in ["\"a\"", "\"b\"", "\"n\"", "Harbour"] {
        assert!(!text.contains(word), "a label names an object: {word}");
    }
}

#[test]
fn the_reference_says_what_is_registered() {
    let (registry, _) = WorkerMetrics::new("subtitle-downloader");
    assert!(registry.names().all(|name| name.starts_with("subtitle_")));
    let expected = format!(
        "# Metrics of the workers\n\nServed at `/metrics` by `subtitle-downloader` and `subtitle-translator` (`--metrics-listen`). No label names an\nobject. Generated from `workers/src/metrics.rs` by `UPDATE_GOLDEN=1 cargo test --workspace --test tasks`.\n\n{}",
        registry.markdown()
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/docs/metrics-of-workers.md");
    assert_file(&file, &expected);
}
