//! `--broker=none`: a worker does one task from a file or from standard input without RabbitMQ, and logs what it would publish.

use std::{
    fs,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use subtitle_contract::{
    event::Event,
    payload::{DownloadRequested, Subject},
};

use super::{
    confined::PROGRAM,
    folder::{ENGLISH, Folder},
    matroska::{Sizes, Track, film},
};

const TRANSLATOR: &str = env!("CARGO_BIN_EXE_subtitle-translator");

fn task() -> String {
    let spec = json!({"video": {"library": "films", "path": "film.mkv"}, "language": "es",
        "translation": {"from": ["en"], "engines": [{"name": "simulated"}]}});
    let task = DownloadRequested {
        video_url: String::new(),
        video_title: String::new(),
        language: "es".to_owned(),
        preferred_sources: vec![],
        spec: serde_json::from_value(spec).expect("a spec"),
        glossary: None,
    };
    let subject = Subject { job_id: "1".into(), namespace: "films".into(), name: "harbour".into(), attempt: 1 };
    serde_json::to_string(&Event::new(&subject, "manager", jiff::Timestamp::UNIX_EPOCH, &task)).expect("JSON")
}

fn run(program: &str, folder: &Folder, task: &str, more: &[&str]) -> Output {
    let path = folder.path.display();
    let mut command = Command::new(program);
    command.env_clear().args(["--broker=none", "--metrics-listen=none"]).args(more);
    command.args([format!("--store-url=file://{path}/store"), format!("--libraries=films={path}")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    child.stdin.take().expect("piped").write_all(task.as_bytes()).expect("written");
    child.wait_with_output().expect("ends")
}

/// The events that were only logged.
fn events(output: &Output) -> Vec<Value> {
    let log = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert!(output.status.success(), "{log}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let texts =
        lines.filter_map(|line| Some(line.pointer("/fields/event").or(line.get("event"))?.as_str()?.to_owned()));
    let events: Vec<Value> = texts.filter_map(|text| serde_json::from_str(&text).ok()).collect();
    assert!(!events.is_empty(), "{log}");
    events
}

#[test]
fn without_a_broker_one_task_is_done_and_the_next_workers_task_is_logged() {
    let folder = Folder::new(&[("film.mkv", film(&[Track::text("eng", "", &ENGLISH)], Sizes::Known))]);
    fs::create_dir_all(folder.path.join("store")).expect("a folder");
    let downloaded = events(&run(PROGRAM, &folder, &task(), &[]));
    let types: Vec<&Value> = downloaded.iter().map(|event| &event["event_type"]).collect();
    assert_eq!(types, ["subtitle.download.started", "subtitle.translate.requested"]);

    let file = folder.path.join("task.json");
    fs::write(&file, downloaded[1].to_string()).expect("written");
    let file = format!("--task={}", file.display());
    let translated = events(&run(TRANSLATOR, &folder, "", &[&file, "--engines=simulated"]));
    let last = translated.last().expect("events");
    assert_eq!(last["event_type"], "subtitle.translated", "{translated:?}");
    let key = last["payload"]["translated_path"].as_str().expect("a key");
    assert!(folder.path.join("store").join(key).is_file(), "the result is stored: {key}");
}

#[test]
fn a_missing_task_ends_with_a_sentence() {
    let folder = Folder::new(&[("film.mkv", b"")]);
    fs::create_dir_all(folder.path.join("store")).expect("a folder");
    let output = run(PROGRAM, &folder, "\n", &[]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("there is no task in"), "{error}");
}
