//! Redis killed, flushed, or frozen. Does I/O.

use std::process::Command;

use subtitle_fakes::publisher::publish_blocking;
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::Stack,
};

use crate::{
    EMBEDDED, TIMEOUT, assert_done, history_length, metrics::is_nonzero, uid, wait_for_history, wait_for_record,
};

/// Jobs finish in their status; reads return 503 with `Retry-After`; deletion after the TTL waits for the record. Then records
/// and histories catch up.
pub(crate) fn jobs_finish_without_redis(stack: &mut Stack, known: &str) {
    stack.redis.server.kill();
    stack.apply(&job("no-redis", EMBEDDED)).expect("accepted");
    let id = uid(&assert_done(stack, "no-redis"));
    let expires_at_once =
        "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}], ttlSecondsAfterFinished: 0}";
    stack.apply(&job("waits-for-its-record", expires_at_once)).expect("accepted");
    stack.finished("waits-for-its-record", TIMEOUT).expect("finished");
    let errors = || is_nonzero(&stack.api_url, "controller_runtime_reconcile_errors_total").then_some(());
    eventually("its deletion waits for its record", TIMEOUT, errors).expect("waits");
    let events = format!("{}/subtitles/{known}/events", stack.api_url);
    let answer = output(Command::new("curl").args(["-si", &events])).expect("answers");
    assert!(answer.contains("503") && answer.to_lowercase().contains("retry-after: "), "{answer}");
    stack.redis.server.restart().expect("restarts");
    wait_for_history(stack, &id, 3);
    wait_for_record(stack, &id, "\"DONE\"");
    let gone = || output(stack.cluster.kubectl().args(["get", "subtitlejob", "waits-for-its-record"])).err();
    eventually("it is deleted now", TIMEOUT, gone).expect("deleted");
}

/// Redis loses its data, and then its scripts: records and histories are restored, those of deleted jobs as well. Returns the
/// uid of a new job.
pub(crate) fn flushed_redis_is_repopulated(stack: &Stack, known: &str) -> String {
    stack.apply(&job("past", EMBEDDED)).expect("accepted");
    let past = uid(&assert_done(stack, "past"));
    wait_for_history(stack, &past, 3);
    output(stack.cluster.kubectl().args(["delete", "subtitlejob", "past"])).expect("deleted");
    stack.redis_command(&["FLUSHALL"]).expect("flushed");
    wait_for_history(stack, known, 4);
    wait_for_record(stack, known, "DONE");
    wait_for_history(stack, &past, 3);
    let (code, record) = stack.get(&format!("/subtitles/{past}")).expect("REST");
    assert_eq!((code, &record["status"], &record["name"]), (200, &"DONE".into(), &"past".into()), "{record}");
    assert!(record["download_url"].as_str().is_some_and(|url| url.ends_with("/file")), "{record}");
    stack.redis_command(&["SCRIPT", "FLUSH"]).expect("flushed");
    stack.apply(&job("scripts-gone", EMBEDDED)).expect("accepted");
    let id = uid(&stack.finished("scripts-gone", TIMEOUT).expect("finished"));
    wait_for_history(stack, &id, 3);
    id
}

/// Redis hangs, and the broker closes its connections: unacked events are redelivered, and applied once.
pub(crate) fn frozen_redis(stack: &Stack, known: &str) {
    let length = history_length(stack, known).expect("Redis answers");
    let ready = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{known}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{"subtitle_path":"p","language":"en","download_url":"u"}},"metadata":null,"attempt":1,
        "namespace":"default","name":"known"}}"#
    );
    stack.redis.server.freeze().expect("frozen");
    let is_nonzero = |name: &str| is_nonzero(&stack.api_url, name);
    let redelivered = eventually("events are unacked, and then redelivered", TIMEOUT, || {
        publish_blocking(&stack.broker.url, "subtitle.ready", &[ready.as_str(); 20]);
        let are_unacked = is_nonzero("subtitle_queue_messages_unacked");
        if are_unacked {
            stack.broker.rabbitmqctl(&["close_all_connections", "a test"]).ok()?;
        }
        (are_unacked && is_nonzero("subtitle_events_redelivered_total")).then_some(())
    });
    stack.redis.server.resume().expect("resumed");
    redelivered.expect("redelivered");
    wait_for_history(stack, known, length + 1);
}
