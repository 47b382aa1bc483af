//! What tests ask of a running stack: jobs through kubectl, HTTP, redis-cli and the operator's commands. Does I/O.

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Stack;
use crate::process::output;

impl Stack {
    /// The output of one of the operator's commands.
    pub fn operator_command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.programs.join("subtitle-operator"));
        command.env("SUBTITLES_BROKER_URL", &self.broker.url).env("SUBTITLES_REDIS_URL", &self.redis.url);
        output(command.args(arguments))
    }

    /// The value of a metric of the operator that has no labels; `None` while the operator does not answer.
    pub fn operator_metric(&self, name: &str) -> Option<f64> {
        let text = output(Command::new("curl").args(["-sf", "-m", "2", &format!("{}/metrics", self.api_url)])).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start_matches("{}").strip_prefix(' '));
        value?.parse().ok()
    }

    /// The output of `redis-cli`.
    pub fn redis_command(&self, arguments: &[&str]) -> Result<String> {
        output(Command::new("redis-cli").args(["-u", &self.redis.url]).args(arguments))
            .map(|text| text.trim().to_owned())
    }

    /// Applies a manifest.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        let file = self.folder.join("manifest.yaml");
        fs::write(&file, manifest)?;
        output(self.cluster.kubectl().args(["apply", "-f"]).arg(&file)).map(drop)
    }

    /// The object, once its condition `Finished` is true.
    pub fn finished(&self, name: &str, limit: Duration) -> Result<Value> {
        let object = format!("subtitlejob/{name}");
        let timeout = format!("--timeout={}s", limit.as_secs());
        let waited = output(self.cluster.kubectl().args(["wait", "--for=condition=Finished", &object, &timeout]));
        let job: Value = serde_json::from_str(&output(self.cluster.kubectl().args(["get", &object, "-o", "json"]))?)?;
        waited.with_context(|| format!("{name} is not finished; its status is {:#}", job["status"]))?;
        Ok(job)
    }

    /// GETs a path of the API: status code and JSON body.
    pub fn get(&self, path: &str) -> Result<(u16, Value)> {
        self.call(path, &[])
    }

    /// POSTs JSON to a path of the API: status code and JSON body.
    pub fn post(&self, path: &str, body: &str) -> Result<(u16, Value)> {
        self.call(path, &["-H", "Content-Type: application/json", "-d", body])
    }

    fn call(&self, path: &str, arguments: &[&str]) -> Result<(u16, Value)> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-w", "\n%{http_code}"]).args(arguments).arg(format!("{}{path}", self.api_url));
        let answer = output(&mut curl)?;
        let (body, code) = answer.rsplit_once('\n').context("curl printed a status")?;
        Ok((code.parse()?, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    /// The types of a job's events, sorted by time, once the newest of them is `last`. (The stream keeps the order of each
    /// publisher only: an event may precede a slightly older one of another publisher.)
    pub fn events_until(&self, id: &str, last: &str) -> Result<Vec<String>> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (_, page) = self.get(&format!("/subtitles/{id}/events?limit=500"))?;
            let mut events: Vec<&Value> = page["events"].as_array().into_iter().flatten().rev().collect();
            // All in UTC: without the Z the texts sort like the times, whatever their number of digits.
            events.sort_by_key(|event| event["timestamp"].as_str().map(|time| time.trim_end_matches('Z')));
            let types: Vec<String> =
                events.iter().filter_map(|event| event["event_type"].as_str().map(str::to_owned)).collect();
            if types.last().is_some_and(|newest| newest == last) {
                return Ok(types);
            }
            if Instant::now() > deadline {
                bail!("the history of {id} does not end with {last}: {types:?}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
