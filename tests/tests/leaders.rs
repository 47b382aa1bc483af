//! Two operators: one leads, the other waits; when the leader dies or is frozen, the other goes on within the lease and
//! 2 seconds, and two at once do no harm.

use std::{
    fs,
    time::{Duration, Instant},
};

use subtitle_tests::{job_manifest as job, process::eventually, stack::Stack, temporary_folder};

/// `DURATION` of the lease in `operator/src/leader.rs`, and what may pass until the next effect.
const TAKEOVER: Duration = Duration::from_secs(15 + 2);
const LIMIT: Duration = Duration::from_secs(60);
const FOUND: &str = "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}";

fn leads(api: &str) -> Option<bool> {
    let ready = std::process::Command::new("curl").args(["-s", "-m", "2", &format!("{api}/readyz")]).output().ok()?;
    let ready: serde_json::Value = serde_json::from_slice(&ready.stdout).ok()?;
    ready["leader"].as_bool()
}

/// A rolling update: told to end in the middle of its work, the leader finishes what it has in hand and lets the next one
/// begin at once, and no job loses, repeats or reverses a step.
fn a_leader_that_is_told_to_end(stack: &mut Stack) {
    let (_third, third_api) = stack.another_operator("third", &[]).expect("starts");
    eventually("the third waits", LIMIT, || (leads(&third_api) == Some(false)).then_some(())).expect("so");
    let names: Vec<String> = (0..20).map(|at| format!("rolling-{at}")).collect();
    stack.apply(&names.iter().map(|name| job(name, FOUND)).collect::<Vec<_>>().join("---\n")).expect("applies");
    let status = stack.operator.stop(Duration::from_secs(20)).expect("it ends in time");
    assert!(status.success(), "{status}");
    let at_once = || (leads(&third_api) == Some(true)).then_some(());
    eventually("the lease was released", Duration::from_secs(5), at_once).expect("the third leads without waiting");
    stack.api = third_api;
    for name in names {
        let ended = stack.finished(&name, LIMIT).expect("finished");
        assert_eq!((&ended["status"]["phase"], &ended["status"]["attempt"]), (&"Done".into(), &1.into()));
        let id = ended["metadata"]["uid"].as_str().expect("a uid");
        let types = stack.events_until(id, "subtitle.ready").expect("history");
        assert_eq!(types, ["subtitle.download.requested", "subtitle.download.started", "subtitle.ready"]);
    }
}

#[test]
fn another_operator_goes_on_when_the_leader_dies_and_a_leader_that_wakes_up_does_no_harm() {
    let folder = temporary_folder("leaders").expect("a temporary folder");
    let mut stack = Stack::start(&folder, None).expect("the stack starts");
    let (mut second, second_api) = stack.another_operator("second", &[]).expect("starts");
    eventually("the second is ready and waits", LIMIT, || (leads(&second_api) == Some(false)).then_some(()))
        .expect("so");
    assert_eq!(leads(&stack.api), Some(true), "the first leads");
    stack.apply(&job("before", FOUND)).expect("applies");
    assert_eq!(stack.finished("before", LIMIT).expect("finished")["status"]["phase"], "Done");

    // Frozen, the first cannot renew; when it wakes up it still believes that it leads, for a moment.
    stack.operator.freeze(true).expect("frozen");
    let frozen = Instant::now();
    stack.apply(&job("while-frozen", FOUND)).expect("applies");
    let ended = stack.finished("while-frozen", LIMIT).expect("finished");
    assert_eq!(ended["status"]["phase"], "Done");
    assert!(frozen.elapsed() < TAKEOVER + Duration::from_secs(5), "{:?}", frozen.elapsed());
    stack.apply(&job("overlap", FOUND)).expect("applies");
    stack.operator.freeze(false).expect("awake");
    let ended = stack.finished("overlap", LIMIT).expect("finished");
    assert_eq!(ended["status"]["phase"], "Done");
    eventually("who lost its lease ends", LIMIT, || stack.operator.ended()).expect("it ends, to be started again");
    let first_api = std::mem::replace(&mut stack.api, second_api);
    let id = ended["metadata"]["uid"].as_str().expect("a uid");
    let types = stack.events_until(id, "subtitle.ready").expect("history");
    assert_eq!(types, ["subtitle.download.requested", "subtitle.download.started", "subtitle.ready"]);
    stack.api = first_api;

    // The other way round: the second is killed, the first takes over.
    stack.operator.restart().expect("starts again");
    eventually("the first waits", LIMIT, || (leads(&stack.api) == Some(false)).then_some(())).expect("so");
    second.kill();
    stack.apply(&job("after-kill", FOUND)).expect("applies");
    assert_eq!(stack.finished("after-kill", LIMIT).expect("finished")["status"]["phase"], "Done");
    assert_eq!(leads(&stack.api), Some(true));
    a_leader_that_is_told_to_end(&mut stack);
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}
