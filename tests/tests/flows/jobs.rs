//! Checks status, history, Kubernetes Events and result of one job per outcome. Does I/O.

use std::fs;

use serde_json::Value;
use subtitle_tests::{
    process::{eventually, output},
    stack::Stack,
};
use subtitle_workers::subtitle::Subtitle;

use crate::{
    TIMEOUT,
    samples::{CUES, dialogue, glossary},
};

pub(crate) fn uid(job: &Value) -> &str {
    job["metadata"]["uid"].as_str().expect("a uid")
}

/// Waits until a job has finished, and returns it.
pub(crate) fn wait_until_finished(stack: &Stack, name: &str) -> Value {
    stack.finished(name, TIMEOUT).expect("finished")
}

/// The text of a job's result in the object store.
fn stored_subtitle(stack: &Stack, job: &Value) -> String {
    let key = job["status"]["result"]["key"].as_str().expect("a key");
    fs::read_to_string(stack.store.join(key)).expect("stored")
}

pub(crate) fn embedded_track_is_found(stack: &Stack) {
    let found = wait_until_finished(stack, "found");
    assert_eq!((&found["status"]["phase"], &found["status"]["reason"]), (&"Done".into(), &"SubtitleFound".into()));
    assert_eq!(found["status"]["result"]["cues"], CUES);
    let types = stack.events_until(uid(&found), "subtitle.ready").expect("history");
    assert_eq!(types, ["subtitle.download.requested", "subtitle.download.started", "subtitle.ready"]);
}

pub(crate) fn kubernetes_events_report_the_phases(stack: &Stack) {
    let reported = || {
        let arguments = ["get", "events", "--field-selector", "involvedObject.name=found", "-o", "jsonpath={..reason}"];
        let reasons = output(stack.cluster.kubectl().args(arguments)).ok()?;
        (reasons.contains("WaitingForWorker") && reasons.contains("SubtitleFound")).then_some(())
    };
    eventually("Kubernetes Events report the phases", TIMEOUT, reported).expect("Events");
}

pub(crate) fn legacy_charset_is_converted(stack: &Stack) {
    assert!(stored_subtitle(stack, &wait_until_finished(stack, "hebrew")).contains("שלום"));
}

pub(crate) fn translation_keeps_times(stack: &Stack) {
    let translated = wait_until_finished(stack, "translated");
    assert_eq!(translated["status"]["reason"], "SubtitleTranslated");
    assert_eq!(translated["status"]["progress"], format!("{CUES}/{CUES}"));
    let types = stack.events_until(uid(&translated), "subtitle.translated").expect("history");
    let outline: Vec<&str> = types.iter().map(String::as_str).filter(|kind| !kind.ends_with("progress")).collect();
    assert_eq!(
        outline,
        [
            "subtitle.download.requested",
            "subtitle.download.started",
            "subtitle.translate.requested",
            "subtitle.translate.started",
            "subtitle.translated"
        ]
    );
    let written = fs::read_to_string(stack.library.join("harbour.es.srt")).expect("the sidecar");
    let (source, target) = (Subtitle::read(&dialogue()).expect("reads"), Subtitle::read(&written).expect("reads"));
    let times = |subtitle: &Subtitle| subtitle.cues.iter().map(|cue| (cue.start, cue.end)).collect::<Vec<_>>();
    assert_eq!(times(&source), times(&target), "the translation's cue times differ from the source's");
    assert!(target.cues[0].text.contains("Buenos días"), "{}", target.cues[0].text);
}

pub(crate) fn no_subtitle_found_is_not_retried(stack: &Stack) {
    let failed = wait_until_finished(stack, "failed");
    assert_eq!(
        (&failed["status"]["phase"], &failed["status"]["reason"]),
        (&"Failed".into(), &"NoSubtitleFound".into())
    );
    assert_eq!(failed["status"]["attempt"], 1, "a permanent failure was retried");
}

pub(crate) fn invalid_glossary_is_explained(stack: &Stack) {
    let invalid = wait_until_finished(stack, "invalid");
    assert_eq!(invalid["status"]["reason"], "InvalidSpec");
    let message = invalid["status"]["message"].as_str().expect("a message");
    assert!(message.contains("ConfigMap 'default/wrong'") && message.contains("line 1: '=' is missing"), "{message}");
    assert!(!message.contains("Anna"), "the author of a job may not be allowed to read the ConfigMap: {message}");
}

pub(crate) fn missing_glossary_is_awaited(stack: &Stack) {
    let waits = ["wait", "--for=jsonpath={.status.reason}=WaitingForGlossary", "subtitlejob/named", "--timeout=60s"];
    output(stack.cluster.kubectl().args(waits)).expect("it waits for its ConfigMap");
    stack.apply(&glossary("names", "Anna = Ana")).expect("applies");
    let named = wait_until_finished(stack, "named");
    let (status, result) = (&named["status"], &named["status"]["result"]);
    assert_eq!((&status["phase"], &status["glossary"]["sha256"]), (&"Done".into(), &result["glossary"]));
    let spanish = stored_subtitle(stack, &named);
    assert!(spanish.contains("Buenos días, Ana.") && !spanish.contains("Anna"), "{spanish}");
}
