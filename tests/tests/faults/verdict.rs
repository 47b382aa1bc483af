//! What became of every job, in Jepsen's words: attempted, confirmed, ok, lost, duplicated, reversed, stuck.

use std::{collections::HashSet, fmt, time::Duration};

use anyhow::Result;
use serde_json::Value;
use subtitle_tests::{
    process::{eventually, output},
    stack::Stack,
};

use crate::{CONCURRENCY, faults::Inflicted, ledger::Asked, provider::Provider, witness::Witness};

/// Records and histories that are read at once.
const PAGE: usize = 200;
/// From a call that is paid for until what it gave is in the store: a worker that is killed in between loses it.
const IN_THE_MIDDLE: Duration = Duration::from_secs(2);

/// Each list names what it holds; all of them must be empty.
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
    /// Calls of the engine, texts, and calls that a killed worker made in vain.
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

    /// This and another part of the same run.
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
        let (calls, texts, in_vain) = self.paid;
        write!(formatter, "; {calls} engine calls for {texts} texts, {in_vain} in vain by a killed translator")?;
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

fn is_over(job: &Value) -> bool {
    matches!(job["status"]["phase"].as_str(), Some("Done" | "Failed"))
}

/// How many jobs are not over; none while the API server does not answer.
pub(crate) fn open(stack: &Stack) -> Option<usize> {
    let not_over = "--field-selector=status.phase!=Done,status.phase!=Failed";
    let names = output(stack.cluster.kubectl().args(["get", "subtitlejobs", "-o", "name", not_over])).ok()?;
    Some(names.lines().count())
}

/// The last event that must be in the history of a job that ended so.
fn last_event(job: &Value) -> &'static str {
    match job["status"]["reason"].as_str() {
        Some("SubtitleFound") => "subtitle.ready",
        Some("SubtitleTranslated") => "subtitle.translated",
        _ => "job.failed",
    }
}

/// What Redis has of each job: its record and its events.
fn kept(stack: &Stack, jobs: &[&Value]) -> Result<Vec<(Option<String>, Vec<String>)>> {
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

/// What is not yet, or not, as it must be.
fn missing(job: &Value, record: Option<&str>, events: &[Value]) -> Option<&'static str> {
    let Some(record) = record.and_then(|record| serde_json::from_str::<Value>(record).ok()) else {
        return Some("has no record");
    };
    let expected = if job["status"]["phase"] == "Done" { "DONE" } else { "FAILED" };
    if record["status"] != expected || record["revision"] != job["status"]["revision"] {
        return Some("has a record that is not its status");
    }
    let has_end = events.iter().any(|event| event["event_type"] == last_event(job));
    (!has_end).then_some("has a history without its end")
}

/// Judges every job of this part of the run, and leaves those that need no more time.
fn judge(stack: &Stack, jobs: &[&Value], verdict: &mut Verdict) -> Result<Vec<(String, &'static str)>> {
    let mut waiting = Vec::new();
    for page in jobs.chunks(PAGE) {
        for (job, (record, events)) in page.iter().zip(kept(stack, page)?) {
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

/// Judges every job that was confirmed.
pub(crate) fn of(stack: &Stack, asked: &Asked) -> Verdict {
    let jobs = eventually("the jobs are listed", Duration::from_secs(60), || jobs(stack)).expect("listed");
    let (attempted, confirmed) = (asked.attempted, asked.confirmed.len());
    let mut verdict = Verdict { attempted, confirmed, ..Verdict::default() };
    let names: HashSet<&str> = jobs.iter().filter_map(|job| job["metadata"]["name"].as_str()).collect();
    verdict.lost.extend(asked.confirmed.iter().filter(|name| !names.contains(name.as_str())).cloned());
    let mut over = Vec::new();
    for job in &jobs {
        let (name, status) = (&job["metadata"]["name"], &job["status"]);
        let describe = || format!("{name}: {} {} {}", status["phase"], status["reason"], status["message"]);
        if !is_over(job) {
            verdict.stuck.push(describe());
        } else if status["phase"] == "Failed" && status["reason"] != "NoSubtitleFound" {
            verdict.unexpected.push(describe());
        } else {
            over.push(job);
        }
    }
    let settled = eventually("records and histories are whole", Duration::from_secs(60), || {
        let mut attempt = Verdict::default();
        let waiting = judge(stack, &over, &mut attempt).ok()?;
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

/// Judges what was seen and paid for in the whole run.
pub(crate) fn of_the_run(
    mut verdict: Verdict,
    witness: &Witness,
    provider: &Provider,
    faults: &[Inflicted],
) -> Verdict {
    verdict.reversed = witness.reversed();
    let kills: Vec<&Inflicted> = faults.iter().filter(|fault| fault.name == "translator killed").collect();
    let translations = provider.translations();
    let mut in_vain = 0;
    for (what, calls) in &translations {
        for earlier in calls.iter().rev().skip(1) {
            let killed = |fault: &&&Inflicted| *earlier <= fault.begun && fault.begun < *earlier + IN_THE_MIDDLE;
            if kills.iter().any(|kill| killed(&kill)) {
                in_vain += 1;
            } else {
                let line = what.lines().next().unwrap_or_default();
                verdict.duplicated.push(format!("paid for again: {} calls for '{line}'", calls.len()));
            }
        }
    }
    if in_vain > CONCURRENCY * kills.len() {
        verdict.duplicated.push(format!("{in_vain} texts paid for again with {} kills", kills.len()));
    }
    verdict.paid = (translations.iter().map(|(_, calls)| calls.len()).sum(), translations.len(), in_vain);
    verdict.downloads = provider.downloads();
    verdict
}
