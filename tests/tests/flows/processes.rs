//! Malformed messages, and processes that are terminated or killed while they work. Does I/O.

use std::time::Duration;

use subtitle_fakes::publisher::publish;
use subtitle_tests::{job_manifest, process::eventually, stack::Stack};

use crate::{
    TIMEOUT,
    jobs::{finished, uid},
};

pub(crate) fn bad_messages_are_dead_letters(stack: &Stack) {
    let id = uid(&finished(stack, "found")).to_owned();
    let impossible = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{id}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{}},"metadata":null,"attempt":9,"namespace":"default","name":"found"}}"#
    );
    publish(&stack.broker.url, "subtitle.ready", &["<html>", &impossible]);
    let listed = || stack.operator_command(&["dead", "list"]).ok().filter(|list| list.lines().count() == 3);
    let list = eventually("two dead letters", TIMEOUT, listed).expect("dead letters");
    let at = |reason: &str| list.find(reason).unwrap_or_else(|| panic!("{reason} is missing: {list}"));
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
    assert_eq!(finished(stack, "drained")["status"]["phase"], "Done");
}

pub(crate) fn job_survives_kills(stack: &mut Stack) {
    stack.apply(&job_manifest("again", "{video: {path: harbour.mkv}, language: es-MX}")).expect("applies");
    stack.translator.restart().expect("restarts");
    stack.operator.restart().expect("restarts");
    let again = stack.finished("again", Duration::from_secs(120)).expect("finished");
    assert_eq!(again["status"]["phase"], "Done");
}
