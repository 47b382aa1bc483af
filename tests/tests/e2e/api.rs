//! The HTTP API of the installation: event histories, read with the token of a client that may read jobs. Does I/O.

use std::{collections::HashSet, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use subtitle_tests::process::{eventually, output};

use crate::system::{JOBS, System};

const AUDIENCE: &str = "subtitle-operator";

/// A token of the service account for an audience.
pub(crate) fn token(system: &System, namespace: &str, account: &str, audience: &str) -> Result<String> {
    let audience = format!("--audience={audience}");
    Ok(output(system.kubectl(namespace).args(["create", "token", account, &audience]))?.trim().to_owned())
}

/// A token of a client that may edit jobs.
pub(crate) fn editor_token(system: &System) -> Result<String> {
    token(system, JOBS, "editor", AUDIENCE)
}

/// Calls the API from inside the node's network; returns status code and body.
pub(crate) fn call(system: &System, token: Option<&str>, arguments: &[&str], path: &str) -> Result<(u16, String)> {
    let service = ["get", "service", "subtitles-api", "-o", "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}"];
    let address = output(system.installation.kubectl().args(service))?;
    let mut curl = system.installation.node()?.command("curl");
    curl.args(["-s", "-m", "20", "-w", "\n%{http_code}"]).args(arguments);
    if let Some(token) = token {
        curl.arg("-H").arg(format!("Authorization: Bearer {token}"));
    }
    let answer = output(curl.arg(format!("http://{address}{path}")))?;
    let (body, code) = answer.rsplit_once('\n').context("curl printed a status")?;
    Ok((code.parse()?, body.to_owned()))
}

fn events(system: &System, token: &str, id: &str) -> Result<Vec<Value>> {
    let (code, body) = call(system, Some(token), &[], &format!("/subtitles/{id}/events?limit=500"))?;
    ensure!(code == 200, "the events of {id}: {code} {body}");
    let page: Value = serde_json::from_str(&body)?;
    let mut events = page["events"].as_array().cloned().unwrap_or_default();
    events.reverse();
    Ok(events)
}

fn is_final(event: &Value) -> bool {
    let last = event["payload"]["final"].as_bool();
    match event["event_type"].as_str() {
        Some("subtitle.ready" | "subtitle.translated") => true,
        Some("job.failed") => last.unwrap_or(true),
        _ => false,
    }
}

/// A job's events, oldest first, once its final event is among them.
pub(crate) fn history(system: &System, token: &str, job: &Value) -> Result<Vec<Value>> {
    let id = job["metadata"]["uid"].as_str().unwrap_or_default();
    eventually("a history is complete", Duration::from_secs(60), || {
        events(system, token, id).ok().filter(|events| events.iter().any(is_final))
    })
    .with_context(|| format!("the job {}: {:?}", job["metadata"]["name"], events(system, token, id)))
}

/// Checks that nothing was lost or repeated: every job ended as the simulated source decides, in its first attempt, and its
/// history has each event once and one final event.
pub(crate) fn ensure_each_done_once(system: &System, jobs: &[Value]) -> Result<()> {
    let token = editor_token(system)?;
    for job in jobs {
        let name = &job["metadata"]["name"];
        // The source has nine of ten episodes, and English subtitles for nine of ten of the others.
        let ended = job["status"]["phase"] == "Done" || job["status"]["reason"] == "NoSubtitleFound";
        ensure!(ended, "{name} ended as {:#}", job["status"]);
        ensure!(job["status"]["attempt"] == 1, "{name} took attempt {}", job["status"]["attempt"]);
        let events = history(system, &token, job)?;
        let ids: HashSet<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
        ensure!(ids.len() == events.len(), "{name} has an event twice: {events:#?}");
        let ends = events.iter().filter(|event| is_final(event)).count();
        ensure!(ends == 1, "{name} has {ends} final events: {events:#?}");
    }
    Ok(())
}
