//! Legacy events, from publishers of the old system, in today's types: an event comes in, a result or the file to
//! translate goes out. Legacy payloads have only a path, a language and perhaps a URL. Pure.

use serde::Deserialize;

use crate::{
    event::Event,
    job::{Artefact, Candidate, JobResult},
    payload::{Ready, TranslateRequested, Translated},
};

#[derive(Deserialize)]
struct OldReady {
    subtitle_path: String,
    language: String,
    #[serde(default)]
    download_url: String,
}

#[derive(Deserialize)]
struct OldTranslated {
    translated_path: String,
    source_language: String,
    target_language: String,
    #[serde(default)]
    download_url: String,
}

#[derive(Deserialize)]
struct OldTranslateRequested {
    subtitle_file_path: String,
    source_language: String,
}

fn is_ours(event: &Event) -> bool {
    event.schema_version.is_some()
}

/// The result of a `subtitle.ready`, and what was considered; the error names the missing key.
pub fn ready(event: &Event) -> Result<(JobResult, Vec<Candidate>), serde_json::Error> {
    if is_ours(event) {
        return event.read::<Ready>().map(|ready| (ready.result, ready.candidates));
    }
    let old: OldReady = event.read_as()?;
    let result =
        JobResult { url: old.download_url, key: old.subtitle_path, language: old.language, ..JobResult::default() };
    Ok((result, Vec::new()))
}

/// The result of a `subtitle.translated`; the error names the missing key.
pub fn translated(event: &Event) -> Result<JobResult, serde_json::Error> {
    if is_ours(event) {
        return event.read::<Translated>().map(|translated| translated.result);
    }
    let old: OldTranslated = event.read_as()?;
    Ok(JobResult {
        url: old.download_url,
        key: old.translated_path,
        language: old.target_language,
        translated_from: Some(old.source_language),
        ..JobResult::default()
    })
}

/// The file a `subtitle.translate.requested` names, and what was considered; the error names the missing key.
pub fn translate_requested(event: &Event) -> Result<(Artefact, Vec<Candidate>), serde_json::Error> {
    if is_ours(event) {
        return event.read::<TranslateRequested>().map(|request| (request.from, request.candidates));
    }
    let old: OldTranslateRequested = event.read_as()?;
    let from = Artefact { key: old.subtitle_file_path, language: old.source_language, sha256: String::new() };
    Ok((from, Vec::new()))
}
