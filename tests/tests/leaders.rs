//! Two operators: one leads, the other waits. When the leader dies or is frozen, the other takes over within the lease's
//! duration plus 2 seconds; two leaders at once do no harm. Does I/O.

use std::{
    fs,
    time::{Duration, Instant},
};

use subtitle_tests::{
    cases::{Cases, Recover},
    job_manifest as job,
    process::{Server, eventually},
    stack::Stack,
    temporary_folder,
};

/// `DURATION` of the lease in `operator/src/leader.rs`, and the time until the next effect.
const TAKEOVER: Duration = Duration::from_secs(15 + 2);
/// Timeout of every wait, far longer than any takes.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The spec of a job whose subtitle is a track of the video: it ends with `Done` and the events of `HISTORY`.
const EMBEDDED: &str = "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}";
const HISTORY: [&str; 3] = ["subtitle.download.requested", "subtitle.download.started", "subtitle.ready"];

/// The stack's operator is the first; each case starts with the first leading and the second waiting.
struct Operators {
    stack: Stack,
    second: Server,
    second_api: String,
}

impl Recover for Operators {
    fn recover(&mut self) {
        self.stack.recover();
        let _ = self.second.restart();
    }
}

/// Whether the operator leads; `None` if it does not respond.
fn leads(api: &str) -> Option<bool> {
    let ready = std::process::Command::new("curl").args(["-s", "-m", "2", &format!("{api}/readyz")]).output().ok()?;
    let ready: serde_json::Value = serde_json::from_slice(&ready.stdout).ok()?;
    ready["leader"].as_bool()
}

fn wait_until_leading(api: &str, is_leading: bool) {
    let what = if is_leading { "the operator leads" } else { "the operator waits" };
    eventually(what, TIMEOUT, || (leads(api) == Some(is_leading)).then_some(())).expect("it does");
}

/// Waits until a job has finished, checks its phase, and returns its uid.
fn assert_done(stack: &Stack, name: &str) -> String {
    let ended = stack.finished(name, TIMEOUT).expect("finished");
    assert_eq!((&ended["status"]["phase"], &ended["status"]["attempt"]), (&"Done".into(), &1.into()));
    ended["metadata"]["uid"].as_str().expect("a uid").to_owned()
}

fn first_leads(operators: &mut Operators) {
    wait_until_leading(&operators.second_api, false);
    assert_eq!(leads(&operators.stack.api_url), Some(true), "the first operator does not lead");
    operators.stack.apply(&job("before", EMBEDDED)).expect("applies");
    assert_done(&operators.stack, "before");
}

/// A frozen leader cannot renew its lease. When it resumes, it assumes for a moment that it still leads.
fn frozen_leader_is_replaced(operators: &mut Operators) {
    let Operators { stack, second_api, .. } = operators;
    stack.operator.freeze().expect("frozen");
    let frozen = Instant::now();
    stack.apply(&job("while-frozen", EMBEDDED)).expect("applies");
    assert_done(stack, "while-frozen");
    assert!(frozen.elapsed() < TAKEOVER + Duration::from_secs(5), "{:?}", frozen.elapsed());
    stack.apply(&job("overlap", EMBEDDED)).expect("applies");
    stack.operator.resume().expect("resumed");
    let id = assert_done(stack, "overlap");
    eventually("an operator that lost its lease ends", TIMEOUT, || stack.operator.ended()).expect("it ends");
    let first_api = std::mem::replace(&mut stack.api_url, second_api.clone());
    let types = stack.events_until(&id, "subtitle.ready");
    stack.api_url = first_api;
    assert_eq!(types.expect("history"), HISTORY);
    stack.operator.restart().expect("restarts");
}

fn killed_leader_is_replaced(operators: &mut Operators) {
    let Operators { stack, second, .. } = operators;
    wait_until_leading(&stack.api_url, false);
    second.kill();
    stack.apply(&job("after-kill", EMBEDDED)).expect("applies");
    assert_done(stack, "after-kill");
    assert_eq!(leads(&stack.api_url), Some(true));
}

/// A rolling update: on SIGTERM the leader finishes its work and releases the lease, so that the next one leads at once; no job
/// loses, repeats or reverses a step.
fn terminated_leader_hands_over_at_once(operators: &mut Operators) {
    let stack = &mut operators.stack;
    let (_third, third_api) = stack.start_operator("third", &[]).expect("starts");
    wait_until_leading(&third_api, false);
    let names: Vec<String> = (0..20).map(|at| format!("rolling-{at}")).collect();
    stack.apply(&names.iter().map(|name| job(name, EMBEDDED)).collect::<Vec<_>>().join("---\n")).expect("applies");
    let status = stack.operator.stop(Duration::from_secs(20)).expect("it ends in time");
    assert!(status.success(), "{status}");
    let leads_at_once = || (leads(&third_api) == Some(true)).then_some(());
    eventually("the lease was released", Duration::from_secs(5), leads_at_once).expect("the third leads at once");
    stack.api_url = third_api;
    for name in names {
        let id = assert_done(stack, &name);
        assert_eq!(stack.events_until(&id, "subtitle.ready").expect("history"), HISTORY);
    }
}

#[test]
fn another_operator_takes_over_and_two_leaders_do_no_harm() {
    let folder = temporary_folder("leaders").expect("a temporary folder");
    let stack = Stack::start(&folder, None).expect("the stack starts");
    let (second, second_api) = stack.start_operator("second", &[]).expect("starts");
    let mut cases = Cases::new("leaders", Operators { stack, second, second_api });
    cases.check("the_first_operator_leads_and_the_second_waits", first_leads);
    cases.check("a_frozen_leader_is_replaced_and_does_no_harm_afterwards", frozen_leader_is_replaced);
    cases.check("a_killed_leader_is_replaced", killed_leader_is_replaced);
    cases.check("a_terminated_leader_hands_over_at_once", terminated_leader_hands_over_at_once);
    cases.finish();
    let _ = fs::remove_dir_all(&folder);
}
