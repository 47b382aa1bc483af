//! Malformed messages, and processes that are terminated or killed while they work. Does I/O.

use std::{fs, path::Path, time::Duration};

use subtitle_fakes::publisher::publish_blocking;
use subtitle_tests::{job_manifest, process::eventually, stack::Stack};

use crate::{
    TIMEOUT,
    jobs::{uid, wait_until_finished},
};

/// Only what a person must act on is logged as an error: a healthy system logs none at its first start, before any queue exists.
pub(crate) fn first_start_logs_no_error(folder: &Path) {
    for program in ["operator", "subtitle-downloader", "subtitle-translator"] {
        let log = fs::read_to_string(folder.join(format!("{program}.log"))).expect("a log");
        let errors: Vec<&str> = log.lines().filter(|line| line.contains("\"ERROR\"")).collect();
        assert!(!log.is_empty() && errors.is_empty(), "{program}: {errors:#?}");
    }
}

pub(crate) fn bad_messages_are_dead_letters(stack: &Stack) {
    let id = uid(&wait_until_finished(stack, "found")).to_owned();
    let impossible = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{id}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{}},"metadata":null,"attempt":9,"namespace":"default","name":"found"}}"#
    );
    publish_blocking(&stack.broker.url, "subtitle.ready", &["<html>", &impossible]);
    publish_blocking(&stack.broker.url, "subtitle.download.requested", &["{}"]);
    let listed = || stack.operator_command(&["dead", "list"]).ok().filter(|list| list.lines().count() == 4);
    let list = eventually("three dead letters: a malformed task makes one", TIMEOUT, listed).expect("dead letters");
    let at = |reason: &str| list.find(reason).unwrap_or_else(|| panic!("{reason} is missing: {list}"));
    let shown = list.lines().find(|line| line.contains("download.requested")).expect("the task is listed");
    let shown = shown.split_whitespace().next().expect("its id");
    let shown = stack.operator_command(&["dead", "show", shown]).expect("shown");
    assert!(shown.contains("missing field `event_type`"), "it is not said why: {shown}");
    assert!(at("MalformedMessage") < at("ImpossibleEvent"), "not in the order of publication: {list}");
}

/// Each program ends within its grace period and with success; its unfinished work continues after a restart.
pub(crate) fn sigterm_ends_each_program_in_time(stack: &mut Stack) {
    stack.apply(&job_manifest("drained", "{video: {path: harbour.mkv}, language: es-AR}")).expect("applies");
    for server in [&mut stack.downloader, &mut stack.translator, &mut stack.operator] {
        let status = server.stop(Duration::from_secs(25)).expect("it ends in time");
        assert!(status.success(), "{} ended with {status}", server.name);
        server.restart().expect("restarts");
    }
    assert_eq!(wait_until_finished(stack, "drained")["status"]["phase"], "Done");
}

pub(crate) fn job_survives_kills(stack: &mut Stack) {
    stack.apply(&job_manifest("again", "{video: {path: harbour.mkv}, language: es-MX}")).expect("applies");
    stack.translator.restart().expect("restarts");
    stack.operator.restart().expect("restarts");
    let again = stack.finished("again", Duration::from_secs(120)).expect("finished");
    assert_eq!(again["status"]["phase"], "Done");
}
