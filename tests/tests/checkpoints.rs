//! The checkpoint of the history on a real Redis, which the simulation's Redis only models. Does I/O.

use std::process::Command;

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, source},
    job::SubtitleJob,
    keys::KeyStyle,
    payload::{Subject, TranslateProgress},
};
use subtitle_operator::act::{
    ports::{Checkpoint, HistoryWriter as _, Projected, RecordReader as _, RecordWriter as _},
    redis::{RedisAddress, RedisRecords},
};
use subtitle_tests::{
    process::{free_port, output},
    servers::redis::Redis,
    temporary_folder,
};

fn event(done: u32) -> Event {
    let text = |text: &str| text.to_owned();
    let subject = Subject { job_id: text("u"), namespace: text("n"), name: text("a"), attempt: 1 };
    Event::new(&subject, source::TRANSLATOR, Timestamp::UNIX_EPOCH, &TranslateProgress { done, total: 9 })
}

async fn history(records: &RedisRecords) -> Vec<u64> {
    let (events, _) = records.events("u", 10).await.expect("reads");
    let done = |event: &String| serde_json::from_str::<Event>(event).expect("an event").payload["done"].as_u64();
    events.iter().filter_map(done).collect()
}

fn at(offset: i64) -> Checkpoint {
    if offset < 0 { Checkpoint::before_first(offset) } else { Checkpoint::at(offset, b"a record") }
}

/// Appends events and moves the checkpoint; returns whether it was at the expected position.
async fn append(records: &RedisRecords, events: std::ops::Range<u32>, saved: Option<i64>, last: i64) -> bool {
    let events: Vec<Event> = events.map(event).collect();
    records.append(&events, saved.map(at), at(last)).await.expect("Redis answers")
}

#[tokio::test]
async fn a_checkpoint_moves_only_from_the_position_that_this_loop_saved() {
    let folder = temporary_folder("checkpoints").expect("a folder");
    let port = free_port().expect("a port");
    let redis = Redis::start(&folder, port).expect("Redis starts");
    let open = |keys| RedisRecords::open(RedisAddress::from_url(&redis.url), keys).expect("a URL");
    let records = open(KeyStyle::Plain);

    assert_eq!(records.load_checkpoint().await.expect("reads"), None);
    assert!(append(&records, 0..0, None, -7).await, "no checkpoint was saved, yet the first one was rejected");
    assert!(!append(&records, 0..0, None, -8).await, "another loop replaced the first checkpoint");
    assert_eq!(records.load_checkpoint().await.expect("reads"), Some(at(-7)));
    assert!(append(&records, 0..2, Some(-7), 1).await);
    assert!(append(&records, 0..2, Some(-7), 1).await, "a repeated batch was rejected");
    assert!(!append(&records, 2..4, Some(-7), 3).await, "a batch was accepted although another loop is ahead");
    assert_eq!(history(&records).await, [1, 0], "a rejected batch was written");
    assert!(append(&records, 2..4, Some(1), 3).await);
    assert_eq!(records.load_checkpoint().await.expect("reads"), Some(at(3)));

    output(Command::new("redis-cli").args(["-p", &port.to_string(), "flushall"])).expect("emptied");
    assert!(!append(&records, 4..5, Some(3), 4).await, "a batch was accepted by an emptied Redis");
    assert_eq!(records.load_checkpoint().await.expect("reads"), None, "an emptied Redis has a checkpoint");
    assert_eq!(history(&records).await, [0; 0], "a rejected batch was written");
    assert!(append(&records, 0..0, None, -9).await && append(&records, 0..5, Some(-9), 4).await);
    assert_eq!(history(&records).await, [4, 3, 2, 1, 0]);
    records.reset_checkpoint().await.expect("Redis answers");
    assert_eq!(records.load_checkpoint().await.expect("reads"), None);
    assert!(append(&records, 0..0, None, 4).await);

    // In a cluster each job has its own slot; a repeated batch is still written once.
    let records = open(KeyStyle::Cluster);
    for saved in [4, 4, 6] {
        assert!(append(&records, 5..7, Some(saved), 6).await);
    }
    assert!(!append(&records, 7..8, Some(4), 7).await);
    assert_eq!(history(&records).await, [7, 6, 5]);
}

#[tokio::test]
async fn a_value_of_another_type_is_set_aside_and_a_lost_history_is_read_again() {
    let folder = temporary_folder("set-aside").expect("a folder");
    let port = free_port().expect("a port");
    let redis = Redis::start(&folder, port).expect("Redis starts");
    let records = RedisRecords::open(RedisAddress::from_url(&redis.url), KeyStyle::Plain).expect("a URL");
    let run = |arguments: &[&str]| {
        output(Command::new("redis-cli").args(["-p", &port.to_string()]).args(arguments)).expect("Redis answers")
    };
    let object = serde_json::json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
        "metadata": {"name": "a", "namespace": "n", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
        "spec": {"video": {"title": "A"}, "language": "es"}, "status": {"revision": 2, "attempt": 1},
    });
    let job: SubtitleJob = serde_json::from_value(object).expect("a job");

    run(&["lpush", "job:u", "x"]);
    run(&["set", "job:events:u", "x"]);
    run(&["set", "job:seen:u", "x"]);
    assert_eq!(records.unfinished(0).await.expect("reads").0, [], "another type fails the scan");
    assert!(append(&records, 0..0, None, -7).await && append(&records, 0..2, Some(-7), 1).await);
    assert_eq!(history(&records).await, [1, 0]);
    assert_eq!(records.project(&[&job]).await.expect("writes"), [Projected::Replaced]);
    assert!(records.record("u").await.expect("reads").is_some());
    for key in ["job:u", "job:events:u", "job:seen:u"] {
        assert_eq!(run(&["exists", &format!("set-aside:{key}")]).trim(), "1", "{key}");
    }
    assert_eq!(records.load_checkpoint().await.expect("reads"), Some(at(1)), "nothing is lost");

    run(&["del", "job:events:u"]);
    assert_eq!(records.project(&[&job]).await.expect("writes"), [Projected::Same]);
    assert_eq!(records.load_checkpoint().await.expect("reads"), None, "the stream is not read again");
    assert!(append(&records, 0..0, None, -8).await && append(&records, 0..3, Some(-8), 2).await);
    assert_eq!(history(&records).await, [2, 1, 0]);

    run(&["del", "job:events:u"]);
    let events: Vec<Event> = (0..3).map(event).collect();
    assert_eq!(records.restore("u", &events, false).await.expect("reads"), 3, "a rebuild finds nothing missing");

    let older: SubtitleJob = serde_json::from_value(serde_json::json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "metadata": job.metadata, "spec": job.spec,
    }))
    .expect("a job");
    assert_eq!(records.project(&[&older]).await.expect("answers"), [Projected::Ahead]);
}
