//! One part away at a time, as the old system promised it: jobs are accepted, wait or go on, and say so; when it is
//! back, everything is right by itself. And what people do by hand about dead letters and histories.

mod outside;

use std::{fs, path::Path, process::Command, time::Duration};

use outside::publish;
use serde_json::Value;
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::{Options, Stack},
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
    let soon_over =
        "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}], ttlSecondsAfterFinished: 0}";
    stack.apply(&job("waits-for-its-record", soon_over)).expect("accepted");
    stack.finished("waits-for-its-record", LIMIT).expect("finished");
    let errors = || moved(&stack.api, "controller_runtime_reconcile_errors_total").then_some(());
    eventually("its deletion waits for its record", LIMIT, errors).expect("so");
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
    let gone = || output(stack.cluster.kubectl().args(["get", "subtitlejob", "waits-for-its-record"])).err();
    eventually("it is deleted now", LIMIT, gone).expect("deleted");
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
    publish(stack, "subtitle.ready", &["<html>", &impossible]);
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

/// An object is deleted while no operator runs: its record is closed all the same.
fn an_orphan(stack: &mut Stack) {
    stack.apply(&job("orphan", "{video: {path: harbour.mkv}, language: en, suspend: true}")).expect("accepted");
    wait_for_reason(stack, "orphan", "Suspended");
    let id = uid(&get(stack, "orphan"));
    let record = |word: &str| stack.redis_command(&["GET", &format!("job:{id}")]).ok().filter(|it| it.contains(word));
    eventually("it has a record", LIMIT, || record("QUEUED")).expect("the record");
    stack.operator.kill();
    output(stack.cluster.kubectl().args(["delete", "subtitlejob", "orphan"])).expect("deleted");
    stack.operator.restart().expect("starts again");
    let record = |word: &str| stack.redis_command(&["GET", &format!("job:{id}")]).ok().filter(|it| it.contains(word));
    eventually("the record is closed", LIMIT, || record("FAILED")).expect("closed");
}

/// Redis does not answer and the broker takes its connections back: what was in hand is handed out again, and done once.
fn events_in_hand(stack: &Stack, known: &str) {
    let length = history_length(stack, known);
    let ready = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{known}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{"subtitle_path":"p","language":"en","download_url":"u"}},"metadata":null,"attempt":1,
        "namespace":"default","name":"known"}}"#
    );
    stack.redis.server.freeze(true).expect("frozen");
    let is_moved = |name: &str| moved(&stack.api, name);
    let moved = eventually("events are in hand, and then handed out again", LIMIT, || {
        publish(stack, "subtitle.ready", &[ready.as_str(); 20]);
        let are_in_hand = is_moved("subtitle_queue_messages_unacked");
        if are_in_hand {
            stack.broker.control(&["close_all_connections", "a test"]).ok()?;
        }
        (are_in_hand && is_moved("subtitle_events_redelivered_total")).then_some(())
    });
    stack.redis.server.freeze(false).expect("awake");
    moved.expect("so");
    let one_more = (length.parse::<u32>().expect("a number") + 1).to_string();
    wait_for_history(stack, known, &one_more);
}

/// Somebody else writes an object over and over: the job ends all the same.
fn somebody_else_writes(stack: &Stack) {
    for round in 0..60 {
        let name = format!("contested-{round}");
        stack.apply(&job(&name, FOUND)).expect("accepted");
        for at in 0..15 {
            let mark = format!("tests.subtitles.dev/mark={at}");
            let annotate = ["annotate", "subtitlejob", &name, "--overwrite", &mark];
            output(stack.cluster.kubectl().args(annotate)).expect("annotated");
        }
        assert_eq!(stack.finished(&name, LIMIT).expect("finished")["status"]["phase"], "Done");
        if moved(&stack.api, "subtitle_status_conflicts_total") {
            return;
        }
    }
}

/// A source is away: the job is tried again as often as it may be.
fn without_a_source(stack: &Stack) {
    let spec =
        "{video: {title: Harbour}, language: en, sources: [{name: library}], retry: {limit: 1, backoffSeconds: 1}}";
    stack.apply(&job("no-source", spec)).expect("accepted");
    let ended = stack.finished("no-source", LIMIT).expect("finished");
    assert_eq!((&ended["status"]["reason"], &ended["status"]["attempt"]), (&"SourceUnavailable".into(), &2.into()));
}

/// Nobody works: what waits is counted, by the broker and, in hand, by whoever has it.
fn without_a_worker(stack: &mut Stack) {
    stack.downloader.freeze(true).expect("frozen");
    for at in 0..8 {
        stack.apply(&job(&format!("waits-{at}"), FOUND)).expect("accepted");
    }
    for name in ["subtitle_queue_messages_ready", "subtitle_oldest_waiting_seconds"] {
        eventually(name, LIMIT, || moved(&stack.api, name).then_some(())).expect("something waits");
    }
    stack.downloader.freeze(false).expect("awake");
    stack
        .apply(&job("simulated", "{video: {title: Harbour}, language: en, sources: [{name: simulated}]}"))
        .expect("so");
    let in_hand = || moved(&stack.downloader_api, "subtitle_queue_messages_unacked").then_some(());
    eventually("the downloader has a task in hand", LIMIT, in_hand).expect("so");
    for name in (0..8).map(|at| format!("waits-{at}")).chain(["simulated".to_owned()]) {
        stack.finished(&name, LIMIT).expect("finished");
    }
}

/// The broker takes no messages: that is said, and the events in hand are counted; then all goes on.
fn a_full_broker(stack: &Stack) {
    stack.broker.control(&["set_vm_memory_high_watermark", "0.000001"]).expect("full");
    stack.apply(&job("full", FOUND)).expect("accepted");
    eventually("it is said", LIMIT, || moved(&stack.api, "subtitle_broker_blocked").then_some(())).expect("so");
    stack.broker.control(&["set_vm_memory_high_watermark", "absolute", "1GB"]).expect("room");
    assert_eq!(stack.finished("full", LIMIT).expect("finished")["status"]["phase"], "Done");
}

/// `--broker=none`: what would be asked is logged and marked, the job says what it waits for, and nothing pretends that
/// anybody works. With a broker it goes on as if nothing had been.
fn without_any_broker(stack: &mut Stack, folder: &Path) {
    stack.operator.kill();
    let (mut mock, _) = stack.another_operator("mock", &[("SUBTITLES_BROKER", "none")]).expect("starts");
    stack.apply(&job("mocked", FOUND)).expect("accepted");
    wait_for_reason(stack, "mocked", "WaitingForBroker");
    let id = uid(&get(stack, "mocked"));
    let log = || fs::read_to_string(folder.join("mock.log")).unwrap_or_default();
    let is_logged = |line: &str| {
        ["NOT published", "mock", "subtitle.download.requested", &id].iter().all(|part| line.contains(part))
    };
    eventually("the task is logged", LIMIT, || log().lines().any(is_logged).then_some(())).expect("so");
    assert_eq!(log().lines().filter(|line| is_logged(line)).count(), 1, "logged once");
    assert_eq!(get(stack, "mocked")["status"]["phase"], "Pending");
    assert_eq!(history_length(stack, &id), "0");
    mock.kill();
    stack.operator.restart().expect("starts again");
    assert_eq!(stack.finished("mocked", LIMIT).expect("finished")["status"]["phase"], "Done");
    wait_for_history(stack, &id, "3");
}

/// Whether a number of a process is there and not 0.
fn moved(api: &str, name: &str) -> bool {
    let text = output(Command::new("curl").args(["-sf", &format!("{api}/metrics")])).unwrap_or_default();
    values(&text, name).any(|value| value != "0")
}

/// The values of a number, whatever its labels; of a histogram, how many it saw.
fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let of = move |line: &'a str| {
        let rest = line.strip_prefix(name)?;
        let rest = rest.strip_prefix("_count").unwrap_or(rest);
        rest.starts_with([' ', '{']).then(|| rest.rsplit(' ').next()).flatten()
    };
    text.lines().filter_map(of)
}

/// Moved, and back at 0 by the end; each is waited for in one of the steps above.
const SEEN_ON_THE_WAY: [&str; 4] = [
    "subtitle_broker_blocked",
    "subtitle_queue_messages_ready",
    "subtitle_queue_messages_unacked",
    "subtitle_oldest_waiting_seconds",
];

/// What happened here moved every number of the operator.
fn numbers(stack: &Stack) {
    let connected = || {
        let text = output(Command::new("curl").args(["-sf", &format!("{}/metrics", stack.api)])).ok()?;
        let is_connected = values(&text, "subtitle_broker_connected").any(|value| value == "1");
        is_connected.then_some(text)
    };
    let text = eventually("the operator is connected with the broker", LIMIT, connected).expect("numbers");
    for name in [
        "subtitle_events_consumed_total{event_type=\"subtitle.ready\",source=\"downloader\"}",
        "subtitle_jobs_finished_total{result=\"success\",reason=\"SubtitleFound\"}",
        "subtitle_jobs_finished_total{result=\"failure\",reason=\"SourceUnavailable\"}",
        "subtitle_retries_total{reason=\"BackingOff\"}",
        "subtitle_repairs_total{kind=\"task\"}",
        "subtitle_repairs_total{kind=\"record\"}",
        "subtitle_repairs_total{kind=\"orphan\"}",
        "subtitle_events_published_total{event_type=\"subtitle.download.requested\",outcome=\"confirmed\"}",
        "subtitle_dead_letters_published_total{reason=\"MalformedMessage\",outcome=\"confirmed\"}",
    ] {
        let value = text.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.rsplit(' ').next());
        assert!(value.is_some_and(|value| value != "0"), "{name} has not moved: {value:?}\n{text}");
    }
    let (registry, _) = subtitle_operator::metrics::Metrics::of("subtitle-operator");
    for name in registry.names().filter(|name| !SEEN_ON_THE_WAY.contains(name)) {
        assert!(values(&text, name).any(|value| value != "0"), "nothing here moves {name}:\n{text}");
    }
}

#[test]
fn whatever_is_away_comes_right_by_itself() {
    let folder = temporary_folder("degradation").expect("a temporary folder");
    let progress = |step: &str| println!("{step}");
    let environment = [
        ("SUBTITLES_MAX_IN_FLIGHT", "6"),
        ("SUBTITLES_CONCURRENCY", "2"),
        ("SUBTITLES_LIBRARY_URL", "http://127.0.0.1:1/{stem}.{language}.srt"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let simulated_delay = Duration::from_secs(2);
    let options = Options { environment, simulated_delay, ..Options::new(folder.join("library"), &progress) };
    let mut stack = Stack::start_with(&folder, &options).expect("the stack starts");
    stack.apply(&job("known", FOUND)).expect("applies");
    let known = uid(&stack.finished("known", LIMIT).expect("finished"));
    wait_for_history(&stack, &known, "3");

    an_orphan(&mut stack);
    dead_letters(&stack, &known);
    wait_for_history(&stack, &known, "4"); // the impossible event is history, too
    a_deleted_job(&mut stack);
    without_the_broker(&mut stack);
    a_deleted_queue(&mut stack);
    without_redis(&mut stack, &known);
    let id = emptied_redis(&stack, &known);
    rebuilding_a_history(&stack, &id);
    without_a_source(&stack);
    without_a_worker(&mut stack);
    a_full_broker(&stack);
    somebody_else_writes(&stack);
    events_in_hand(&stack, &known);
    numbers(&stack);
    without_any_broker(&mut stack, &folder);
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}
