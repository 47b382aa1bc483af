//! RabbitMQ killed, full, without a queue, or not configured at all. Does I/O.

use std::{fs, path::Path, process::Command};

use subtitle_fakes::publisher::publish_blocking;
use subtitle_store::sha256;
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::Stack,
};

use crate::{
    EMBEDDED, TIMEOUT, assert_done, get_job, history_length, metrics::is_nonzero, uid, wait_for_history,
    wait_for_reason,
};

/// A job is accepted and its status shows what it waits for; it finishes once the broker is available again.
pub(crate) fn job_waits_for_the_broker(stack: &mut Stack) {
    stack.broker.kill().expect("killed");
    let ready = output(Command::new("curl").args(["-sf", &format!("{}/readyz", stack.api_url)])).expect("still ready");
    assert!(ready.contains("\"kubernetes\":true"), "{ready}");
    stack.apply(&job("no-broker", EMBEDDED)).expect("accepted");
    wait_for_reason(stack, "no-broker", "WaitingForBroker");
    stack.broker.server.restart().expect("restarts");
    assert_done(stack, "no-broker");
}

/// A task queue is deleted with a task in it.
pub(crate) fn deleted_queue(stack: &mut Stack) {
    stack.downloader.kill();
    stack.apply(&job("queue-gone", EMBEDDED)).expect("accepted");
    wait_for_reason(stack, "queue-gone", "WaitingForWorker");
    stack.broker.rabbitmqctl(&["delete_queue", "subtitle.tasks.download"]).expect("deleted");
    stack.downloader.restart().expect("restarts");
    assert_done(stack, "queue-gone");
}

/// Four events of the most that RabbitMQ 4 accepts by default, 16 MiB: the operator keeps none of them, and says in the dead
/// letters what they were.
pub(crate) fn giant_messages(stack: &Stack) {
    /// What the chart lets the operator use.
    const MEMORY_LIMIT_KIB: u64 = 256 * 1024;
    let pid = stack.operator.pid();
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("its peak is measured from now on");
    let giant = format!("{{\"event_type\": \"{}\"}}", "x".repeat(16_700_000));
    let giants = [giant.as_str(); 4];
    publish_blocking(&stack.broker.url, "subtitle.ready", &giants);
    let digest = format!("SHA-256 was {}", sha256(giant.as_bytes()));
    let letters = || {
        let shown = stack.operator_command(&["dead", "show"]).ok()?;
        (shown.matches(&digest).count() == giants.len()).then_some(())
    };
    eventually("the dead letters name all four by their digest", TIMEOUT, letters).expect("dead letters");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it still runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < MEMORY_LIMIT_KIB, "the operator's peak was {peak} KiB");
    stack.operator_command(&["dead", "drop", "--all"]).expect("dropped");
}

/// A broker with a memory alarm blocks publishers: a metric reports it, and the job finishes once the alarm has cleared.
pub(crate) fn full_broker_is_reported(stack: &Stack) {
    stack.broker.rabbitmqctl(&["set_vm_memory_high_watermark", "0.000001"]).expect("full");
    stack.apply(&job("full", EMBEDDED)).expect("accepted");
    let blocked = || is_nonzero(&stack.api_url, "subtitle_broker_blocked").then_some(());
    let reported = eventually("the metric of a blocked broker", TIMEOUT, blocked);
    stack.broker.rabbitmqctl(&["set_vm_memory_high_watermark", "absolute", "1GB"]).expect("has memory");
    reported.expect("reported");
    assert_done(stack, "full");
}

/// With `--broker=none` the operator logs each task once instead of publishing it, and the job's status shows what it waits
/// for. With a broker the job continues.
pub(crate) fn none_configured(stack: &mut Stack, folder: &Path) {
    stack.operator.kill();
    let (mut mock, _) = stack.start_operator("mock", &[("SUBTITLES_BROKER", "none")]).expect("starts");
    stack.apply(&job("mocked", EMBEDDED)).expect("accepted");
    wait_for_reason(stack, "mocked", "WaitingForBroker");
    let id = uid(&get_job(stack, "mocked"));
    let log = || fs::read_to_string(folder.join("mock.log")).unwrap_or_default();
    let is_logged = |line: &str| {
        ["NOT published", "mock", "subtitle.download.requested", &id].iter().all(|part| line.contains(part))
    };
    eventually("the task is logged", TIMEOUT, || log().lines().any(is_logged).then_some(())).expect("logged");
    assert_eq!(log().lines().filter(|line| is_logged(line)).count(), 1, "the task was not logged once");
    assert_eq!(get_job(stack, "mocked")["status"]["phase"], "Pending");
    assert_eq!(history_length(stack, &id), Some(0));
    mock.kill();
    stack.operator.restart().expect("restarts");
    assert_done(stack, "mocked");
    wait_for_history(stack, &id, 3);
}
