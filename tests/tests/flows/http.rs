//! What clients read: the record and the history in Redis, and the HTTP API. Does I/O.

use std::process::Command;

use serde_json::Value;
use subtitle_tests::{process::output, stack::Stack};
use subtitle_workers::subtitle::Subtitle;

use crate::{
    jobs::{uid, wait_until_finished},
    samples::dialogue,
};

pub(crate) fn redis_holds_record_and_history(stack: &Stack) {
    let found = wait_until_finished(stack, "found");
    let redis = |command: &[&str]| stack.redis_command(command).expect("redis-cli");
    let record: Value = serde_json::from_str(&redis(&["GET", &format!("job:{}", uid(&found))])).expect("JSON");
    assert_eq!((&record["status"], &record["name"]), (&"DONE".into(), &"found".into()));
    assert_eq!(redis(&["LLEN", &format!("job:events:{}", uid(&found))]), "3");
}

pub(crate) fn job_and_file_are_served(stack: &Stack) {
    let found = wait_until_finished(stack, "found");
    let get = |path: &str| stack.get(path).expect("REST");
    assert_eq!(get(&format!("/subtitles/{}", uid(&found))).1["status"], "DONE");
    assert_eq!(get("/subtitles/unknown").0, 404);
    assert_eq!(get(&format!("/subtitles/{}/events?limit=0", uid(&found))).0, 422);
    let url = found["status"]["result"]["url"].as_str().expect("a URL");
    let file = output(Command::new("curl").args(["-sf", url]));
    let (file, source) = (Subtitle::read(&file.expect("the file")), Subtitle::read(&dialogue()));
    assert_eq!(file.expect("reads").cues, source.expect("reads").cues);
}

/// The headers and, unless it is a HEAD, the body of an answer.
fn answer(url: &str, arguments: &[&str]) -> (String, String) {
    let answer = output(Command::new("curl").args(["-s", "-i", url]).args(arguments)).expect("an answer");
    let (headers, body) = answer.split_once("\r\n\r\n").expect("headers");
    (headers.to_ascii_lowercase(), body.to_owned())
}

pub(crate) fn file_has_an_etag_and_ranges(stack: &Stack) {
    let found = wait_until_finished(stack, "found");
    let url = found["status"]["result"]["url"].as_str().expect("a URL");
    let (headers, whole) = answer(url, &[]);
    let header = |headers: &str, name: &str| {
        headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    };
    let (etag, length) = (header(&headers, "etag").expect("an ETag"), whole.len());
    let (headers, body) = answer(url, &["--head"]);
    assert_eq!((header(&headers, "content-length"), body.as_str()), (Some(length.to_string()), ""));
    assert_eq!(header(&headers, "etag").as_ref(), Some(&etag));
    let known = format!("If-None-Match: {etag}");
    assert!(answer(url, &["-H", &known]).0.starts_with("http/1.1 304"));
    let (headers, part) = answer(url, &["-H", "Range: bytes=1-4"]);
    assert!(headers.starts_with("http/1.1 206"), "{headers}");
    assert_eq!(header(&headers, "content-range"), Some(format!("bytes 1-4/{length}")));
    assert_eq!(part, whole[1..5]);
    let (_, changed) = answer(url, &["-H", "Range: bytes=1-4", "-H", "If-Range: \"another\""]);
    assert_eq!(changed, whole, "a part of another version was sent");
    let (headers, refusal) = answer(url, &["-H", "Range: bytes=9999999-"]);
    assert_eq!(header(&headers, "content-range"), Some(format!("bytes */{length}")));
    let refusal: Value = serde_json::from_str(&refusal).expect("JSON");
    assert!(headers.starts_with("http/1.1 416") && refusal["code"] == "RangeNotSatisfiable", "{headers} {refusal}");
}

pub(crate) fn created_job_is_readable_at_once(stack: &Stack) {
    let body = r#"{"video_url": "https://media.example/harbour.mkv", "video_title": "Harbour", "language": "nl"}"#;
    let (code, created) = stack.post("/subtitles/download", body).expect("REST");
    assert_eq!(code, 201, "{created}");
    let id = created["job_id"].as_str().expect("an id");
    assert_eq!(
        stack.get(&format!("/subtitles/{id}")).expect("REST").0,
        200,
        "a GET right after a POST does not find the job"
    );
    assert_eq!(stack.get(&format!("/subtitles/status/{id}")).expect("REST").0, 200);
}

pub(crate) fn bad_body_is_explained(stack: &Stack) {
    for bad in ["{", "{}", r#"{"video_url": "ftp://a/b", "video_title": "A", "language": "nl"}"#] {
        let (code, refusal) = stack.post("/subtitles/download", bad).expect("REST");
        assert!((code, refusal["detail"].is_string()) == (422, true), "{bad}: {code} {refusal}");
    }
}
