//! The samples, applied as in the README, finish as their comments document; also when they are applied again, and when every
//! process is killed once while they run. Files and claims are in a real S3 server. Does I/O.

mod s3;

use std::{process::Command, time::Duration};

use serde_json::Value;
use subtitle_tests::{
    process::{eventually, output},
    samples::{self, Outcome},
    stack::Stack,
    temporary_folder,
};

fn apply_and_wait(stack: &mut Stack, while_running: impl FnOnce(&mut Stack)) {
    output(stack.cluster.kubectl().args(["apply", "-f"]).arg(samples::folder())).expect("applies");
    while_running(stack);
    let wait = ["wait", "--for=condition=Finished", "subtitlejob", "--all", "--timeout=120s"];
    output(stack.cluster.kubectl().args(wait)).expect("all finish");
}

fn outcomes(stack: &Stack) -> Vec<Outcome> {
    let list = output(stack.cluster.kubectl().args(["get", "subtitlejobs", "-o", "json"])).expect("lists");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let jobs = list["items"].as_array().expect("a list");
    jobs.iter().map(|job| samples::outcome(stack, job).expect("an outcome")).collect()
}

fn delete_all(stack: &Stack) {
    output(stack.cluster.kubectl().args(["delete", "subtitlejobs", "--all"])).expect("deletes");
}

#[test]
fn every_sample_ends_as_its_comment_says_also_when_each_process_dies_once() {
    let folder = temporary_folder("samples").expect("a temporary folder");
    let s3 = s3::Server::start(&folder.join("buckets")).expect("the S3 server starts");
    let mut stack = Stack::start(&folder, Some(s3.store())).expect("the stack starts");
    let mut promises = samples::promises(&[samples::folder()]).expect("the samples' comments");
    promises.sort_by(|one, other| one.name.cmp(&other.name));

    apply_and_wait(&mut stack, |_| ());
    assert_eq!(outcomes(&stack), promises);
    let sidecar = std::fs::read_to_string(stack.library.join("harbour.es.srt")).expect("the sidecar");
    assert!(sidecar.contains("Buenos días, Anna"), "{sidecar}");

    delete_all(&stack);
    apply_and_wait(&mut stack, |_| ());
    assert_eq!(outcomes(&stack), promises, "the second time");

    delete_all(&stack);
    apply_and_wait(&mut stack, |stack| {
        stack.broker.flush_metadata().expect("the broker's tables are on its disk");
        for server in stack.servers() {
            println!("killing {}", server.name);
            server.restart().expect("starts again");
        }
        let answers = || output(stack.cluster.kubectl().args(["get", "--raw", "/readyz"])).ok();
        eventually("the API server answers again", Duration::from_secs(60), answers).expect("it does");
    });
    // The history depends on the moment of the kill; the final phase of each job does not.
    let ends = |outcomes: Vec<Outcome>| {
        outcomes.into_iter().map(|one| (one.name, one.phase, one.reason, one.file)).collect::<Vec<_>>()
    };
    assert_eq!(ends(outcomes(&stack)), ends(promises), "with every process killed");
    assert!(s3.objects("subtitles/films/default") > 10, "files are in the bucket, under the URL's prefix");
    let ready = || output(Command::new("curl").args(["-sf", &format!("{}/readyz", stack.api_url)])).ok();
    eventually("the operator is ready again", Duration::from_secs(30), ready).expect("it is");
    drop(stack);
    let _ = std::fs::remove_dir_all(&folder);
}
