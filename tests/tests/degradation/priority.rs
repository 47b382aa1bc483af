//! An urgent job among many others: what its namespace waits for. Does I/O.

use serde_json::Value;
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::Stack,
};

use crate::{TIMEOUT, get_job};

const LOW_JOBS: usize = 60;
/// How many others may start before the urgent job: those in the queue, as many as workers are at work, and while it is
/// created as many again.
const MAX_BEFORE: usize = 4;

fn spec(title: &str, priority: &str) -> String {
    format!("{{video: {{title: {title}}}, language: en, sources: [{{name: simulated}}], priority: {priority}}}")
}

/// How many of the jobs with a low priority were started.
fn started(stack: &Stack) -> usize {
    let list = output(stack.cluster.kubectl().args(["get", "subtitlejobs", "-o", "json"])).expect("listed");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let jobs = list["items"].as_array().expect("a list");
    let is_started = |job: &&Value| job["spec"]["priority"] == "Low" && job["status"]["startTime"].is_string();
    jobs.iter().filter(is_started).count()
}

/// A High job starts within the time of one task, although 60 Low ones of its namespace were created before it.
pub(crate) fn urgent_job_starts_next(stack: &Stack) {
    let names: Vec<String> = (0..LOW_JOBS).map(|number| format!("low-{number}")).collect();
    let all: Vec<String> = names.iter().map(|name| job(name, &spec(name, "Low"))).collect();
    stack.apply(&all.join("---\n")).expect("accepted");
    eventually("workers are busy", TIMEOUT, || (started(stack) >= 3).then_some(())).expect("started");
    let before = started(stack);
    stack.apply(&job("urgent", &spec("urgent", "High"))).expect("accepted");
    let starts = || get_job(stack, "urgent")["status"]["startTime"].is_string().then(|| started(stack));
    let after = eventually("the urgent job starts", TIMEOUT, starts).expect("started");
    println!("{} of {LOW_JOBS} others were started before the urgent job", after - before);
    assert!(after - before <= MAX_BEFORE, "{before} were started when it was created, and {after} when it started");
    let mut delete = vec!["delete", "subtitlejobs", "urgent"];
    delete.extend(names.iter().map(String::as_str));
    output(stack.cluster.kubectl().args(delete)).expect("deleted");
}
