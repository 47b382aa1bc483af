//! One part away at a time, as the old system promised it: jobs are accepted, wait or go on, and say so; when it is
//! back, everything is right by itself. And what people do by hand about dead letters and histories.

use std::{fs, process::Command, time::Duration};

use serde_json::Value;
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::Stack,
    temporary_folder,
};

const LIMIT: Duration = Duration::from_secs(90);
const FOUND: &str = "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}";

fn get(stack: &Stack, name: &str) -> Value {
    let text = output(stack.cluster.kubectl().args(["get", "subtitlejob", name, "-o", "json"])).expect("gets");
    serde_json::from_str(&text).expect("JSON")
}

fn uid(job: &Value) -> String {
    job["metadata"]["uid"].as_str().expect("a uid").to_owned()
}

fn wait_for_reason(stack: &Stack, name: &str, reason: &str) {
    let is_there = || (get(stack, name)["status"]["reason"] == reason).then_some(());
    eventually(&format!("{name} is {reason}"), LIMIT, is_there).expect("the reason");
}

fn history_length(stack: &Stack, id: &str) -> String {
    // A Redis that has just been started again may not answer yet.
    stack.redis_command(&["LLEN", &format!("job:events:{id}")]).unwrap_or_default()
}

fn wait_for_history(stack: &Stack, id: &str, length: &str) {
    let is_there = || (history_length(stack, id) == length).then_some(());
    eventually(&format!("{length} events of {id}"), LIMIT, is_there).expect("the history");
}

/// The broker is away: a job is accepted and says what it waits for; when it is back, the job ends.
fn without_the_broker(stack: &mut Stack) {
    stack.broker.kill().expect("killed");
    let ready = output(Command::new("curl").args(["-sf", &format!("{}/readyz", stack.api)])).expect("still ready");
    assert!(ready.contains("\"kubernetes\":true"), "{ready}");
    stack.apply(&job("no-broker", FOUND)).expect("accepted");
    wait_for_reason(stack, "no-broker", "WaitingForBroker");
    stack.broker.server.restart().expect("starts again");
    assert_eq!(stack.finished("no-broker", LIMIT).expect("finished")["status"]["phase"], "Done");
}

/// Redis is away: jobs still end in status, history answers 503 and when to come again; then it catches up.
fn without_redis(stack: &mut Stack, known: &str) {
    stack.redis.server.kill();
    stack.apply(&job("no-redis", FOUND)).expect("accepted");
    let ended = stack.finished("no-redis", LIMIT).expect("finished");
    assert_eq!(ended["status"]["phase"], "Done");
    let events = format!("{}/subtitles/{known}/events", stack.api);
    let answer = output(Command::new("curl").args(["-si", &events])).expect("answers");
    assert!(answer.contains("503") && answer.to_lowercase().contains("retry-after: "), "{answer}");
    stack.redis.server.restart().expect("starts again");
    wait_for_history(stack, &uid(&ended), "3");
    let record = || {
        let record = stack.redis_command(&["GET", &format!("job:{}", uid(&ended))]).ok()?;
        record.contains("\"DONE\"").then_some(())
    };
    eventually("the record catches up", LIMIT, record).expect("the record");
}

/// Redis loses everything: records and histories come back without a person.
fn emptied_redis(stack: &Stack, known: &str) -> String {
    stack.redis_command(&["FLUSHALL"]).expect("flushed");
    wait_for_history(stack, known, "4");
    let record = || stack.redis_command(&["GET", &format!("job:{known}")]).ok().filter(|text| text.contains("DONE"));
    eventually("the record is back", LIMIT, record).expect("the record");
    stack.redis_command(&["SCRIPT", "FLUSH"]).expect("flushed");
    stack.apply(&job("scripts-gone", FOUND)).expect("accepted");
    let ended = stack.finished("scripts-gone", LIMIT).expect("finished");
    wait_for_history(stack, &uid(&ended), "3");
    uid(&ended)
}

/// The task queue is deleted with a task in it: the job is asked again.
fn a_deleted_queue(stack: &mut Stack) {
    stack.downloader.kill();
    stack.apply(&job("queue-gone", FOUND)).expect("accepted");
    wait_for_reason(stack, "queue-gone", "WaitingForWorker");
    stack.broker.control(&["delete_queue", "subtitle.tasks.download"]).expect("deleted");
    stack.downloader.restart().expect("starts again");
    assert_eq!(stack.finished("queue-gone", LIMIT).expect("finished")["status"]["phase"], "Done");
}

/// A history is repaired by hand: first shown, then done; twice changes nothing.
fn rebuilding_a_history(stack: &Stack, known: &str) {
    let (list, seen) = (format!("job:events:{known}"), format!("job:seen:{known}"));
    let before = stack.redis_command(&["LRANGE", &list, "0", "-1"]).expect("redis-cli");
    let newest = stack.redis_command(&["LINDEX", &list, "0"]).expect("redis-cli");
    let newest: Value = serde_json::from_str(&newest).expect("JSON");
    stack.redis_command(&["LPOP", &list]).expect("popped");
    stack.redis_command(&["SREM", &seen, newest["id"].as_str().expect("an id")]).expect("removed");
    let rebuild = |more: &[&str]| {
        let command = [&["history", "rebuild", "--job", known], more].concat();
        stack.operator_command(&command).expect("rebuilds")
    };
    assert!(rebuild(&[]).contains("1 of 3 events are missing") && history_length(stack, known) == "2");
    assert!(rebuild(&["--apply"]).contains("1 of 3 events restored"));
    assert_eq!(stack.redis_command(&["LRANGE", &list, "0", "-1"]).expect("redis-cli"), before, "in its order");
    assert!(rebuild(&["--apply"]).contains("0 events of 0 jobs"));
    assert!(stack.operator_command(&["history", "rebuild", "--all"]).expect("looks").contains("0 events of 0 jobs"));
}

/// Dead letters are listed, shown, published again and dropped; nothing is touched that was not named.
fn dead_letters(stack: &Stack, id: &str) {
    let impossible = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{id}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{}},"metadata":null,"attempt":9,"namespace":"default","name":"known"}}"#
    );
    publish(&stack.broker.url, &["<html>", &impossible]);
    let dead = |arguments: &[&str]| stack.operator_command(&[&["dead"], arguments].concat());
    let list = |count: usize| {
        let is_there = || dead(&["list"]).ok().filter(|list| list.lines().count() == count + 1);
        eventually(&format!("{count} dead letters"), LIMIT, is_there).expect("the list")
    };
    let both = list(2);
    assert!(both.contains("MalformedMessage") && both.contains("ImpossibleEvent") && both.contains("default/known"));
    assert!(dead(&["drop"]).is_err() && dead(&["replay", "no-such-id"]).is_err(), "nothing is named");
    assert!(dead(&["show", "--reason", "MalformedMessage"]).expect("shows").contains("<html>"));
    assert!(dead(&["drop", "--reason", "MalformedMessage"]).expect("drops").contains("dropped"));
    assert!(list(1).contains("ImpossibleEvent"));
    dead(&["replay", "--source", "downloader"]).expect("publishes again");
    assert!(list(1).contains("ImpossibleEvent"), "still impossible, so it is back");
    dead(&["drop", "--all"]).expect("drops");
    list(0);
}

#[tokio::main]
async fn publish(url: &str, bodies: &[&str]) {
    let session =
        subtitle_broker::Session::open(&subtitle_broker::Address::url(url), "a test").await.expect("connects");
    for body in bodies {
        session.publish_again("subtitle.ready", body.as_bytes(), 0).await.expect("published");
    }
    session.close().await;
}

/// A deleted job: its worker is told, and its record says what became of it.
fn a_deleted_job(stack: &mut Stack) {
    stack.translator.kill();
    stack.apply(&job("deleted", "{video: {path: harbour.mkv}, language: es}")).expect("accepted");
    let is_queued = || (get(stack, "deleted")["status"]["phase"] == "TranslateQueued").then_some(());
    eventually("it waits for a translator", LIMIT, is_queued).expect("queued");
    let id = uid(&get(stack, "deleted"));
    output(stack.cluster.kubectl().args(["delete", "subtitlejob", "deleted"])).expect("deleted");
    let closed = || {
        stack
            .get(&format!("/subtitles/{id}"))
            .ok()
            .filter(|(code, record)| *code == 200 && record["status"] == "FAILED")
    };
    eventually("the record of a deleted job is final", LIMIT, closed).expect("closed");
    let types = stack.events_until(&id, "job.cancelled").expect("history");
    assert_eq!(types.iter().filter(|kind| *kind == "job.cancelled").count(), 1);
    stack.translator.restart().expect("starts again");
}

/// What happened here moved the numbers that count it.
fn numbers(stack: &Stack) {
    let text = output(Command::new("curl").args(["-sf", &format!("{}/metrics", stack.api)])).expect("metrics");
    for name in [
        "controller_runtime_reconcile_total{controller=\"subtitlejob\",result=\"success\"}",
        "controller_runtime_reconcile_time_seconds_count",
        "leader_election_master_status{name=\"subtitlejob\"}",
        "subtitle_broker_connected",
        "subtitle_jobs{phase=\"Done\"}",
        "subtitle_events_consumed_total{event_type=\"subtitle.ready\",source=\"downloader\"}",
        "subtitle_event_to_status_seconds_count",
        "subtitle_status_writes_total",
        "subtitle_jobs_finished_total{result=\"success\",reason=\"SubtitleFound\"}",
        "subtitle_job_duration_seconds_count",
        "subtitle_repairs_total{kind=\"record\"}",
        "subtitle_history_events_total",
        "subtitle_redis_errors_total",
        "subtitle_events_published_total{event_type=\"subtitle.download.requested\",outcome=\"confirmed\"}",
        "subtitle_dead_letters_published_total{reason=\"MalformedMessage\",outcome=\"confirmed\"}",
        "subtitle_publish_seconds_count",
    ] {
        let value = text.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.rsplit(' ').next());
        assert!(value.is_some_and(|value| value != "0"), "{name} has not moved: {value:?}\n{text}");
    }
}

#[test]
fn whatever_is_away_comes_right_by_itself() {
    let folder = temporary_folder("degradation").expect("a temporary folder");
    let mut stack = Stack::start(&folder, None).expect("the stack starts");
    stack.apply(&job("known", FOUND)).expect("applies");
    let known = uid(&stack.finished("known", LIMIT).expect("finished"));
    wait_for_history(&stack, &known, "3");

    dead_letters(&stack, &known);
    wait_for_history(&stack, &known, "4"); // the impossible event is history, too
    a_deleted_job(&mut stack);
    without_the_broker(&mut stack);
    a_deleted_queue(&mut stack);
    without_redis(&mut stack, &known);
    let id = emptied_redis(&stack, &known);
    rebuilding_a_history(&stack, &id);
    numbers(&stack);
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}
