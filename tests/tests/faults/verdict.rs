//! What became of every job, in Jepsen's words: ok, lost, stuck, reversed, duplicated.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    time::Duration,
};

use serde_json::Value;
use subtitle_tests::{
    process::{eventually, output},
    stack::Stack,
};

use crate::witness::Witness;

/// Each list names what it holds; all but `ok` must be empty.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    ok: usize,
    lost: Vec<String>,
    stuck: Vec<String>,
    reversed: Vec<String>,
    duplicated: Vec<String>,
    unexpected: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        [&self.lost, &self.stuck, &self.reversed, &self.duplicated, &self.unexpected].into_iter().all(Vec::is_empty)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            ("lost", &self.lost),
            ("stuck", &self.stuck),
            ("reversed", &self.reversed),
            ("duplicated", &self.duplicated),
            ("unexpected", &self.unexpected),
        ];
        write!(formatter, "verdict: {} ok", self.ok)?;
        for (name, list) in lists {
            write!(formatter, ", {} {name}", list.len())?;
        }
        for (name, list) in lists {
            for line in list.iter().take(5) {
                write!(formatter, "\n  {name}: {line}")?;
            }
        }
        Ok(())
    }
}

fn jobs(stack: &Stack) -> Option<Vec<Value>> {
    let text = output(stack.cluster.kubectl().args(["get", "subtitlejobs", "-o", "json"])).ok()?;
    let list: Value = serde_json::from_str(&text).ok()?;
    list["items"].as_array().cloned()
}

fn is_over(job: &Value) -> bool {
    matches!(job["status"]["phase"].as_str(), Some("Done" | "Failed"))
}

/// How many jobs are not over; none while the API server does not answer.
pub(crate) fn open(stack: &Stack) -> Option<usize> {
    Some(jobs(stack)?.iter().filter(|job| !is_over(job)).count())
}

/// The last event that must be in the history of a job that ended so.
fn last_event(job: &Value) -> &'static str {
    match job["status"]["reason"].as_str() {
        Some("SubtitleFound") => "subtitle.ready",
        Some("SubtitleTranslated") => "subtitle.translated",
        _ => "job.failed",
    }
}

/// The events of a job, once its end is among them and its record says the same as its status.
fn history(stack: &Stack, job: &Value) -> Option<Vec<Value>> {
    let id = job["metadata"]["uid"].as_str()?;
    let record: Value = serde_json::from_str(&stack.redis_command(&["GET", &format!("job:{id}")]).ok()?).ok()?;
    let expected = if job["status"]["phase"] == "Done" { "DONE" } else { "FAILED" };
    let (code, page) = stack.get(&format!("/subtitles/{id}/events?limit=500")).ok()?;
    let events = page["events"].as_array()?.clone();
    let has_end = events.iter().any(|event| event["event_type"] == last_event(job));
    (code == 200 && record["status"] == expected && has_end).then_some(events)
}

/// Judges every job that was confirmed.
pub(crate) fn of(stack: &Stack, asked: &BTreeSet<String>, witness: &Witness) -> Verdict {
    let jobs = eventually("the jobs are listed", Duration::from_secs(60), || jobs(stack)).expect("listed");
    let mut verdict = Verdict { reversed: witness.reversed(), ..Verdict::default() };
    let names: HashSet<&str> = jobs.iter().filter_map(|job| job["metadata"]["name"].as_str()).collect();
    verdict.lost.extend(asked.iter().filter(|name| !names.contains(name.as_str())).cloned());
    for job in &jobs {
        let name = job["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let (phase, reason) = (&job["status"]["phase"], &job["status"]["reason"]);
        if !is_over(job) {
            verdict.stuck.push(format!("{name}: {phase} {reason} {}", job["status"]["message"]));
            continue;
        }
        if phase == "Failed" && reason != "NoSubtitleFound" {
            verdict.unexpected.push(format!("{name}: {reason} {}", job["status"]["message"]));
            continue;
        }
        match eventually(&name, Duration::from_secs(30), || history(stack, job)) {
            Err(_) => verdict.lost.push(format!("{name}: record or last event")),
            Ok(events) => {
                let ids: HashSet<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
                if ids.len() == events.len() {
                    verdict.ok += 1;
                } else {
                    verdict.duplicated.push(format!("{name}: {} events with {} ids", events.len(), ids.len()));
                }
            }
        }
    }
    verdict
}
