//! Sources that are unavailable, and workers that hang. Does I/O.

use subtitle_tests::{job_manifest as job, process::eventually, stack::Stack};

use crate::{EMBEDDED, TIMEOUT, metrics::is_nonzero};

/// A job is retried as often as its spec allows.
pub(crate) fn source_is_unavailable(stack: &Stack) {
    let spec =
        "{video: {title: Harbour}, language: en, sources: [{name: library}], retry: {limit: 1, backoffSeconds: 1}}";
    stack.apply(&job("no-source", spec)).expect("accepted");
    let ended = stack.finished("no-source", TIMEOUT).expect("finished");
    assert_eq!((&ended["status"]["reason"], &ended["status"]["attempt"]), (&"SourceUnavailable".into(), &2.into()));
}

/// Queued tasks are counted at the broker, and delivered ones by the worker that holds them.
pub(crate) fn workers_are_frozen(stack: &mut Stack) {
    stack.downloader.freeze().expect("frozen");
    for at in 0..8 {
        stack.apply(&job(&format!("waits-{at}"), EMBEDDED)).expect("accepted");
    }
    for name in ["subtitle_queue_messages_ready", "subtitle_oldest_waiting_seconds", "subtitle_oldest_task_seconds"] {
        eventually(name, TIMEOUT, || is_nonzero(&stack.api_url, name).then_some(())).expect("something waits");
    }
    stack.downloader.resume().expect("resumed");
    let simulated = "{video: {title: Harbour}, language: en, sources: [{name: simulated}]}";
    stack.apply(&job("simulated", simulated)).expect("accepted");
    let unacked = || is_nonzero(&stack.downloader_metrics_url, "subtitle_queue_messages_unacked").then_some(());
    eventually("the downloader holds a task", TIMEOUT, unacked).expect("holds one");
    for name in (0..8).map(|at| format!("waits-{at}")).chain(["simulated".to_owned()]) {
        stack.finished(&name, TIMEOUT).expect("finished");
    }
}
