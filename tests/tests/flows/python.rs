//! A publisher and a reader of the Python system, beside the running one. Does I/O.

use std::process::Command;

use serde_json::{Value, json};
use subtitle_tests::{
    job_manifest,
    process::{Server, eventually, output},
    progress, root,
    skips::skip,
    stack::Stack,
    tools,
};

use crate::{TIMEOUT, jobs::uid};

/// A Python worker in place of ours publishes the result of a job, and a Python reader sees it in Redis.
pub(crate) fn a_python_publisher_and_reader_work_unchanged(stack: &mut Stack) {
    let libraries = match tools::python_clients(&progress::print) {
        Ok(libraries) => libraries,
        Err(error) => return skip("python-clients", &format!("{error:#}")),
    };
    stack.downloader.stop(std::time::Duration::from_secs(25)).expect("it ends in time");
    stack.apply(&job_manifest("python", "{video: {path: harbour.mkv}, language: es-UY}")).expect("applies");
    let queued = ["wait", "--for=jsonpath={.status.phase}=DownloadQueued", "subtitlejob/python", "--timeout=60s"];
    output(stack.cluster.kubectl().args(queued)).expect("its task is published");
    let job = output(stack.cluster.kubectl().args(["get", "subtitlejob", "python", "-o", "json"])).expect("the job");
    let job: Value = serde_json::from_str(&job).expect("JSON");
    let mut python = Command::new("python3");
    python.arg(root().join("tests/tests/flows/python.py")).args([
        &stack.broker.url,
        &stack.redis.url,
        uid(&job),
        "default",
    ]);
    let seen = output(python.env("PYTHONPATH", libraries)).expect("the reader sees the result");
    let seen: Value = serde_json::from_str(seen.trim()).expect("JSON");
    let expected = json!({
        "status": "DONE", "newest": "subtitle.ready", "download_url": "https://files.example/from-python.es.srt"
    });
    assert_eq!(seen, expected);
    Server::restart(&mut stack.downloader).expect("restarts");
    let is_kept =
        |list: &String| list.lines().any(|line| line.contains("MalformedMessage") && line.contains("python-1"));
    let letters = || stack.operator_command(&["dead", "list"]).ok().filter(is_kept);
    eventually("the request of an unknown job is a dead letter", TIMEOUT, letters).expect("a dead letter");
}
