//! Objects that are deleted, with and without an operator, that another client keeps modifying, or that cannot be decoded.
//! Does I/O.

use subtitle_fakes::publisher::publish_blocking;
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::Stack,
};

use crate::{EMBEDDED, TIMEOUT, assert_done, get_job, metrics::is_nonzero, uid, wait_for_reason, wait_for_record};

fn delete(stack: &Stack, name: &str) {
    output(stack.cluster.kubectl().args(["delete", "subtitlejob", name])).expect("deleted");
}

/// An object is deleted while no operator runs: its record becomes final after the operator starts again.
pub(crate) fn deleted_without_an_operator(stack: &mut Stack) {
    stack.apply(&job("orphan", "{video: {path: harbour.mkv}, language: en, suspend: true}")).expect("accepted");
    wait_for_reason(stack, "orphan", "Suspended");
    let id = uid(&get_job(stack, "orphan"));
    wait_for_record(stack, &id, "QUEUED");
    stack.operator.kill();
    delete(stack, "orphan");
    stack.operator.restart().expect("restarts");
    wait_for_record(stack, &id, "FAILED");
}

/// An object is deleted while its task is queued: one cancellation is published, and the record becomes final.
pub(crate) fn deleted_job_is_cancelled(stack: &mut Stack) {
    stack.translator.kill();
    stack.apply(&job("deleted", "{video: {path: harbour.mkv}, language: es}")).expect("accepted");
    let is_queued = || (get_job(stack, "deleted")["status"]["phase"] == "TranslateQueued").then_some(());
    eventually("it waits for a translator", TIMEOUT, is_queued).expect("queued");
    let id = uid(&get_job(stack, "deleted"));
    delete(stack, "deleted");
    let is_final = || {
        let (code, record) = stack.get(&format!("/subtitles/{id}")).ok()?;
        (code == 200 && record["status"] == "FAILED").then_some(())
    };
    eventually("the record of a deleted job is final", TIMEOUT, is_final).expect("final");
    let types = stack.events_until(&id, "job.cancelled").expect("history");
    assert_eq!(types.iter().filter(|kind| *kind == "job.cancelled").count(), 1, "cancellations of one job: {types:?}");
    stack.translator.restart().expect("restarts");
}

/// Another client keeps annotating an object, until a write of a status has conflicted: the job finishes all the same.
pub(crate) fn job_finishes_despite_conflicting_writes(stack: &Stack) {
    for round in 0..60 {
        let name = format!("contested-{round}");
        stack.apply(&job(&name, EMBEDDED)).expect("accepted");
        for at in 0..15 {
            let annotation = format!("tests.subtitles.dev/number={at}");
            let annotate = ["annotate", "subtitlejob", &name, "--overwrite", &annotation];
            output(stack.cluster.kubectl().args(annotate)).expect("annotated");
        }
        assert_done(stack, &name);
        if is_nonzero(&stack.api_url, "subtitle_status_conflicts_total") {
            return;
        }
    }
    panic!("no write of a status has conflicted");
}

/// A status that the schema accepts and this version cannot decode; the object is kept for the later check of the metrics.
pub(crate) fn undecodable_object_does_not_block_others(stack: &Stack) {
    stack.apply(&job("undecodable", "{video: {title: Harbour}, language: es, suspend: true}")).expect("applies");
    wait_for_reason(stack, "undecodable", "Suspended");
    let overflow = ["--subresource=status", "--type=merge", "-p", r#"{"status":{"startTime":"9999-12-31T23:59:59Z"}}"#];
    output(stack.cluster.kubectl().args(["patch", "subtitlejob", "undecodable"]).args(overflow)).expect("patched");
    let is_counted = || is_nonzero(&stack.api_url, "subtitle_undecodable_objects").then_some(());
    eventually("the undecodable object is counted", TIMEOUT, is_counted).expect("a metric");
    let events = [
        "get",
        "events",
        "--field-selector",
        "reason=Undecodable",
        "-o",
        "jsonpath={..regarding.name}{..involvedObject.name}",
    ];
    let event = || output(stack.cluster.kubectl().args(events)).ok().filter(|names| names.contains("undecodable"));
    eventually("an Event names the undecodable object", TIMEOUT, event).expect("an Event");
    let started = format!(
        r#"{{"event_type":"subtitle.download.started","job_id":"{}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{}},"metadata":null,"attempt":1,"namespace":"default","name":"undecodable"}}"#,
        uid(&get_job(stack, "undecodable"))
    );
    publish_blocking(&stack.broker.url, "subtitle.download.started", &[&started]);
    let listed = || stack.operator_command(&["dead", "list"]).ok().filter(|list| list.contains("UndecodableObject"));
    eventually("its event is a dead letter with this reason", TIMEOUT, listed).expect("a dead letter");
    stack.apply(&job("beside-undecodable", EMBEDDED)).expect("applies");
    assert_done(stack, "beside-undecodable");
}
