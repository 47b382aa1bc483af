//! The flows of the product as a user sees them: samples, HTTP API, `helm test`. Does I/O.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use subtitle_tests::{documents::commands::translated_commands, process::output, samples, tools::HELM_4};

use crate::{
    api::{self, call, token},
    disruptions::simulated_jobs,
    system::{JOBS, System},
};

pub(crate) fn every_sample_ends_as_documented(system: &System) -> Result<()> {
    let folders = [samples::folder(), samples::http_folder()];
    for folder in &folders {
        output(system.editor().args(["apply", "-f"]).arg(folder))?;
    }
    let jobs = system.wait_until_all_finished(Duration::from_secs(240))?;
    let (token, promises) = (api::editor_token(system)?, samples::promises(&folders)?);
    for promise in &promises {
        let job = jobs.iter().find(|job| job["metadata"]["name"] == promise.name.as_str());
        let job = job.with_context(|| format!("the sample {} is missing", promise.name))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut events: Vec<String> =
            api::history(system, &token, job)?.iter().map(|event| text(&event["event_type"])).collect();
        events.dedup();
        let found = (text(&job["status"]["phase"]), text(&job["status"]["reason"]), events.join(", "));
        let expected = (promise.phase.clone(), promise.reason.clone(), promise.events.clone());
        ensure!(found == expected, "{}: {found:?}, and its comment says {expected:?}", promise.name);
    }
    let sidecar = std::fs::read_to_string(system.installation.folder.join("library/harbour.es.srt"))?;
    ensure!(sidecar.contains("Buenos días, Anna"), "{sidecar}");
    ensure_kubectl_shows_it(system)?;
    system.report(&format!("{} samples ended as their comments say", promises.len()));
    system.delete_jobs()
}

/// Checks the columns, conditions and events that the README shows.
fn ensure_kubectl_shows_it(system: &System) -> Result<()> {
    let table = output(system.editor().args(["get", "subtitlejobs"]))?;
    for column in ["PHASE", "LANGUAGE", "PROGRESS", "REASON"] {
        ensure!(table.lines().next().is_some_and(|head| head.contains(column)), "no column {column}:\n{table}");
    }
    let row = table.lines().find(|line| line.starts_with("translated ")).unwrap_or_default();
    ensure!(row.contains("Done") && row.contains("300/300") && row.contains("SubtitleTranslated"), "{table}");
    let described = output(system.editor().args(["describe", "subtitlejob", "failed"]))?;
    for expected in ["NoSubtitleFound", "Type:                  Finished", "Stalled", "Events:"] {
        ensure!(described.contains(expected), "kubectl describe does not show '{expected}':\n{described}");
    }
    Ok(())
}

pub(crate) fn api_authenticates_and_authorizes(system: &System) -> Result<()> {
    let body = r#"{"video_url": "https://media.example/none.mkv", "video_title": "None", "language": "en"}"#;
    let post = ["-X", "POST", "-H", "Content-Type: application/json", "-d", body];
    let path = format!("/subtitles/download?namespace={JOBS}");
    let editor = api::editor_token(system)?;
    let wrong_audience = token(system, JOBS, "editor", "another-audience")?;
    let unauthorized = token(system, "elsewhere", "stranger", "subtitle-operator")?;
    for (caller, expected) in
        [(None, 401), (Some("x.y.z"), 401), (Some(wrong_audience.as_str()), 401), (Some(unauthorized.as_str()), 403)]
    {
        let (code, answer) = call(system, caller, &post, &path)?;
        ensure!(code == expected, "{code} instead of {expected}: {answer}");
    }
    let (code, answer) = call(system, Some(&editor), &post, &path)?;
    ensure!(code == 201, "{code}: {answer}");
    let record: Value = serde_json::from_str(&answer)?;
    let id = record["id"].as_str().context("the record has an id")?;
    let reading = format!("/subtitles/{id}");
    let codes = [Some(editor.as_str()), Some(unauthorized.as_str()), None]
        .map(|caller| call(system, caller, &[], &reading).map(|(code, _)| code).unwrap_or_default());
    ensure!(codes == [200, 403, 401], "reading {reading}: {codes:?}");
    system.report("the API authenticates and authorizes");
    system.delete_jobs()
}

/// Runs the commands for kubectl of the page for users of the Python system.
pub(crate) fn python_page_is_right(system: &System) -> Result<()> {
    system.apply(&simulated_jobs("python", 2))?;
    system.wait_until_all_finished(Duration::from_secs(60))?;
    let commands = translated_commands(&["kubectl"])?;
    ensure!(commands.len() > 4, "only {} commands", commands.len());
    for (command, shown) in &commands {
        let answer = system.installation.run(&mut system.installation.shell(&HELM_4, command)?)?;
        ensure!(answer.contains(shown), "{command}\nshould show {shown} and printed {answer}");
    }
    system.report(&format!("{} commands of the page for Python users show what it says", commands.len()));
    output(system.installation.kubectl().args(["scale", "deployment/subtitles-downloader", "--replicas=1"]))?;
    system.delete_jobs()
}

pub(crate) fn helm_test_passes(system: &System) -> Result<()> {
    system.installation.run(system.installation.helm(&HELM_4)?.args(["test", "subtitles", "--timeout=120s"]))?;
    system.report("helm test passed");
    Ok(())
}
