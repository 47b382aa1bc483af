//! The samples and the outcomes in their comments: phase, reason, events and file of every job. Does I/O.

pub mod chrf;
pub mod videos;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{process::output, root, stack::Stack};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// The outcome of a job.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The name of the object.
    pub name: String,
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`.
    pub reason: String,
    /// The types of its events in order, without repetitions.
    pub events: String,
    /// Language, format and cues of its file, or `none`.
    pub file: String,
}

/// The texts of an SRT or WebVTT file as the product writes it: blocks separated by a blank line, the text after the line of
/// times.
pub fn cues(file: &str) -> Vec<&str> {
    file.split("\n\n").filter_map(|block| Some(block.split_once(" --> ")?.1.split_once('\n')?.1)).collect()
}

/// The folder of the samples.
pub fn folder() -> PathBuf {
    root().join("manifests/samples")
}

/// The folder of the samples whose videos are behind HTTP: they need a cluster with `manifests/dev`.
pub fn http_folder() -> PathBuf {
    folder().join("over-http")
}

/// The folder of the samples that need Firefox's models.
pub fn neural_folder() -> PathBuf {
    root().join("manifests/samples-neural")
}

fn promised(document: &str) -> Result<Outcome> {
    let object: Value = serde_yaml_ng::from_str(document)?;
    let name = object["metadata"]["name"].as_str().context("a sample without a name")?;
    let line = |key: &str| {
        let lines = document.lines().filter_map(|line| line.strip_prefix("#   "));
        let value = lines.filter_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned()).next();
        value.with_context(|| format!("the comment of the sample '{name}' has no line '{key}'"))
    };
    let (phase, reason, events, file) = (line("phase ")?, line("reason ")?, line("events ")?, line("file ")?);
    Ok(Outcome { name: name.to_owned(), phase, reason, events, file })
}

/// The files of the samples in a folder.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

/// The outcomes in the comments of every sample in these folders.
pub fn promises(folders: &[PathBuf]) -> Result<Vec<Outcome>> {
    let files: Vec<Vec<PathBuf>> = folders.iter().map(|folder| files(folder)).collect::<Result<_>>()?;
    let mut promises = Vec::new();
    for file in files.into_iter().flatten() {
        for document in fs::read_to_string(&file)?.split("\n---\n") {
            promises.push(promised(document).with_context(|| format!("in {}", file.display()))?);
        }
    }
    Ok(promises)
}

/// The actual outcome of a finished job: from its object, its history and its file over REST.
pub fn outcome(stack: &Stack, job: &Value) -> Result<Outcome> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (status, id) = (&job["status"], text(&job["metadata"]["uid"]));
    let (phase, reason) = (text(&status["phase"]), text(&status["reason"]));
    let last = match (phase.as_str(), status["result"]["translatedFrom"].is_string()) {
        ("Done", true) => "subtitle.translated",
        ("Done", false) => "subtitle.ready",
        _ => "job.failed",
    };
    let mut events = stack.events_until(&id, last)?;
    events.dedup();
    let file = match status["result"]["url"].as_str() {
        None => "none".to_owned(),
        Some(url) => {
            let bytes = output(std::process::Command::new("curl").args(["-sf", url]))?;
            let (language, format) = (text(&status["result"]["language"]), text(&status["result"]["format"]));
            format!("{language}, {format}, {} cues", cues(&bytes).len())
        }
    };
    Ok(Outcome { name: text(&job["metadata"]["name"]), phase, reason, events: events.join(", "), file })
}
