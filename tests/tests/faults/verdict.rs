//! The outcome of every job, in Jepsen's words: attempted, confirmed, ok, lost, duplicated, reversed, stuck. Does I/O.

use std::{collections::HashSet, fmt, time::Duration};

use anyhow::Result;
use serde_json::Value;
use subtitle_tests::{
    process::{eventually, output},
    stack::Stack,
};

use crate::{CONCURRENCY, faults::Inflicted, requests::Requested, services::Services, watcher::Watcher};

/// Jobs whose records and histories are read at once.
const PAGE: usize = 200;
/// The time from a billed call until its result is stored: a worker that is killed in between loses it.
const UNSAVED: Duration = Duration::from_secs(2);

/// Every list must be empty.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    attempted: usize,
    confirmed: usize,
    ok: usize,
    lost: Vec<String>,
    duplicated: Vec<String>,
    reversed: Vec<String>,
    stuck: Vec<String>,
    unexpected: Vec<String>,
    /// Engine calls, texts, and calls whose result a killed worker lost.
    paid: (usize, usize, usize),
    downloads: usize,
}

impl Verdict {
    fn lists(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("reversed", &self.reversed),
            ("stuck", &self.stuck),
            ("unexpected", &self.unexpected),
        ]
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.lists().into_iter().all(|(_, list)| list.is_empty()) && self.ok == self.confirmed
    }

    /// Adds another round of the same run.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        self.attempted += other.attempted;
        self.confirmed += other.confirmed;
        self.ok += other.ok;
        for (mine, others) in [
            (&mut self.lost, &mut other.lost),
            (&mut self.duplicated, &mut other.duplicated),
            (&mut self.stuck, &mut other.stuck),
            (&mut self.unexpected, &mut other.unexpected),
        ] {
            mine.append(others);
        }
        self
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} attempted, {} confirmed, {} ok", self.attempted, self.confirmed, self.ok)?;
        for (name, list) in self.lists() {
            write!(formatter, ", {} {name}", list.len())?;
        }
        let (calls, texts, wasted) = self.paid;
        write!(formatter, "; {calls} engine calls for {texts} texts, {wasted} wasted by a killed translator")?;
        write!(formatter, "; {} files fetched from the library", self.downloads)?;
        for (name, list) in self.lists() {
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

fn has_finished(job: &Value) -> bool {
    matches!(job["status"]["phase"].as_str(), Some("Done" | "Failed"))
}

/// The number of unfinished jobs; `None` if the API server does not respond.
pub(crate) fn open(stack: &Stack) -> Option<usize> {
    let unfinished = "--field-selector=status.phase!=Done,status.phase!=Failed";
    let names = output(stack.cluster.kubectl().args(["get", "subtitlejobs", "-o", "name", unfinished])).ok()?;
    Some(names.lines().count())
}

/// The final event that the history of a finished job must contain.
fn final_event(job: &Value) -> &'static str {
    match job["status"]["reason"].as_str() {
        Some("SubtitleFound") => "subtitle.ready",
        Some("SubtitleTranslated") => "subtitle.translated",
        _ => "job.failed",
    }
}

/// The record and the events of each job in Redis.
fn stored(stack: &Stack, jobs: &[&Value]) -> Result<Vec<(Option<String>, Vec<String>)>> {
    let mut connection = redis::Client::open(stack.redis.url.as_str())?.get_connection()?;
    let mut pipeline = redis::pipe();
    for id in jobs.iter().filter_map(|job| job["metadata"]["uid"].as_str()) {
        pipeline.cmd("GET").arg(format!("job:{id}"));
        pipeline.cmd("LRANGE").arg(format!("job:events:{id}")).arg(0).arg(-1);
    }
    let answers: Vec<redis::Value> = pipeline.query(&mut connection)?;
    let pairs = answers
        .chunks(2)
        .map(|pair| Ok((redis::from_redis_value(pair[0].clone())?, redis::from_redis_value(pair[1].clone())?)));
    pairs.collect()
}

/// What is missing or wrong in Redis.
fn missing(job: &Value, record: Option<&str>, events: &[Value]) -> Option<&'static str> {
    let Some(record) = record.and_then(|record| serde_json::from_str::<Value>(record).ok()) else {
        return Some("has no record");
    };
    let expected = if job["status"]["phase"] == "Done" { "DONE" } else { "FAILED" };
    if record["status"] != expected || record["revision"] != job["status"]["revision"] {
        return Some("has a record that differs from its status");
    }
    let has_end = events.iter().any(|event| event["event_type"] == final_event(job));
    (!has_end).then_some("has a history without its final event")
}

/// Checks the finished jobs in Redis; returns those that are not complete yet.
fn check(stack: &Stack, jobs: &[&Value], verdict: &mut Verdict) -> Result<Vec<(String, &'static str)>> {
    let mut waiting = Vec::new();
    for page in jobs.chunks(PAGE) {
        for (job, (record, events)) in page.iter().zip(stored(stack, page)?) {
            let name = job["metadata"]["name"].as_str().unwrap_or_default();
            let events: Vec<Value> = events.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
            if let Some(what) = missing(job, record.as_deref(), &events) {
                waiting.push((name.to_owned(), what));
                continue;
            }
            let ids: HashSet<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
            if ids.len() == events.len() {
                verdict.ok += 1;
            } else {
                verdict.duplicated.push(format!("{name}: {} events with {} ids", events.len(), ids.len()));
            }
        }
    }
    Ok(waiting)
}

/// The verdict on every confirmed job of a round.
pub(crate) fn of_round(stack: &Stack, requested: &Requested) -> Verdict {
    let jobs = eventually("the jobs are listed", Duration::from_secs(60), || jobs(stack)).expect("listed");
    let (attempted, confirmed) = (requested.attempted, requested.confirmed.len());
    let mut verdict = Verdict { attempted, confirmed, ..Verdict::default() };
    let names: HashSet<&str> = jobs.iter().filter_map(|job| job["metadata"]["name"].as_str()).collect();
    verdict.lost.extend(requested.confirmed.iter().filter(|name| !names.contains(name.as_str())).cloned());
    let mut finished = Vec::new();
    for job in &jobs {
        let (name, status) = (&job["metadata"]["name"], &job["status"]);
        let describe = || format!("{name}: {} {} {}", status["phase"], status["reason"], status["message"]);
        if !has_finished(job) {
            verdict.stuck.push(describe());
        } else if status["phase"] == "Failed" && status["reason"] != "NoSubtitleFound" {
            verdict.unexpected.push(describe());
        } else {
            finished.push(job);
        }
    }
    let settled = eventually("records and histories are complete", Duration::from_secs(60), || {
        let mut attempt = Verdict::default();
        let waiting = check(stack, &finished, &mut attempt).ok()?;
        (verdict.ok, verdict.duplicated) = (attempt.ok, attempt.duplicated);
        verdict.lost.retain(|line| !line.contains(": "));
        verdict.lost.extend(waiting.iter().map(|(name, what)| format!("{name}: {what}")));
        waiting.is_empty().then_some(())
    });
    if let Err(error) = settled {
        println!("{error:#}");
    }
    verdict
}

/// Adds the visible statuses and the billed calls of the whole run.
pub(crate) fn of_the_run(
    mut verdict: Verdict,
    watcher: &Watcher,
    services: &Services,
    faults: &[Inflicted],
) -> Verdict {
    verdict.reversed = watcher.reversed();
    let kills: Vec<&Inflicted> = faults.iter().filter(|fault| fault.name == "translator killed").collect();
    let translations = services.translations();
    let mut wasted = 0;
    for (what, calls) in &translations {
        for earlier in calls.iter().rev().skip(1) {
            let killed = |fault: &&&Inflicted| *earlier <= fault.begun && fault.begun < *earlier + UNSAVED;
            if kills.iter().any(|kill| killed(&kill)) {
                wasted += 1;
            } else {
                let line = what.lines().next().unwrap_or_default();
                verdict.duplicated.push(format!("billed again: {} calls for '{line}'", calls.len()));
            }
        }
    }
    if wasted > CONCURRENCY * kills.len() {
        verdict.duplicated.push(format!("{wasted} texts billed again with {} kills", kills.len()));
    }
    verdict.paid = (translations.iter().map(|(_, calls)| calls.len()).sum(), translations.len(), wasted);
    verdict.downloads = services.downloads();
    verdict
}
