//! The operator's commands for dead letters and histories. Does I/O.

use serde_json::Value;
use subtitle_fakes::publisher::publish_blocking;
use subtitle_tests::{process::eventually, stack::Stack};

use crate::{TIMEOUT, history_length, wait_for_history};

/// Dead letters are listed, shown, published again and dropped; letters that were not selected are kept.
pub(crate) fn dead_letters(stack: &Stack, id: &str) {
    let impossible = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{id}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{}},"metadata":null,"attempt":9,"namespace":"default","name":"known"}}"#
    );
    publish_blocking(&stack.broker.url, "subtitle.ready", &["<html>", &impossible]);
    let dead = |arguments: &[&str]| stack.operator_command(&[&["dead"], arguments].concat());
    let list = |count: usize| {
        let listed = || dead(&["list"]).ok().filter(|list| list.lines().count() == count + 1);
        eventually(&format!("{count} dead letters"), TIMEOUT, listed).expect("the list")
    };
    let both = list(2);
    assert!(both.contains("MalformedMessage") && both.contains("ImpossibleEvent") && both.contains("default/known"));
    assert!(
        dead(&["drop"]).is_err() && dead(&["replay", "no-such-id"]).is_err(),
        "a command without a matching letter succeeded"
    );
    assert!(dead(&["show", "--reason", "MalformedMessage"]).expect("shows").contains("<html>"));
    assert!(dead(&["drop", "--reason", "MalformedMessage"]).expect("drops").contains("dropped"));
    assert!(list(1).contains("ImpossibleEvent"));
    dead(&["replay", "--source", "downloader"]).expect("publishes again");
    assert!(
        list(1).contains("ImpossibleEvent"),
        "the replayed event, which is still impossible, was not dead-lettered again"
    );
    dead(&["drop", "--all"]).expect("drops");
    list(0);
    wait_for_history(stack, id, 4); // the impossible event is part of the history
}

/// A history with a missing event is first shown, then repaired; repeating that changes nothing.
pub(crate) fn history_is_rebuilt(stack: &Stack, id: &str) {
    let (list, seen) = (format!("job:events:{id}"), format!("job:seen:{id}"));
    let redis = |command: &[&str]| stack.redis_command(command).expect("redis-cli");
    let before = redis(&["LRANGE", &list, "0", "-1"]);
    let newest: Value = serde_json::from_str(&redis(&["LINDEX", &list, "0"])).expect("JSON");
    redis(&["LPOP", &list]);
    redis(&["SREM", &seen, newest["id"].as_str().expect("an id")]);
    let rebuild = |more: &[&str]| {
        let command = [&["history", "rebuild", "--job", id], more].concat();
        stack.operator_command(&command).expect("rebuilds")
    };
    assert!(rebuild(&[]).contains("1 of 3 events are missing") && history_length(stack, id) == Some(2));
    assert!(rebuild(&["--apply"]).contains("1 of 3 events restored"));
    assert_eq!(redis(&["LRANGE", &list, "0", "-1"]), before, "the history was not restored in its order");
    assert!(rebuild(&["--apply"]).contains("0 events of 0 jobs"));
    assert!(stack.operator_command(&["history", "rebuild", "--all"]).expect("reads").contains("0 events of 0 jobs"));
}
