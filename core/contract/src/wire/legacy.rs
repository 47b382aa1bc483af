//! Converts events from publishers of the old system into the current types. Legacy payloads have only a path, a language and
//! optionally a URL. Called when an event is folded into a status. Pure.

use serde::Deserialize;

use crate::{
    event::Event,
    job::{Artifact, Candidate, JobResult},
    payload::{Ready, TranslateRequested, Translated},
};

#[derive(Deserialize)]
struct LegacyReady {
    subtitle_path: String,
    language: String,
    #[serde(default)]
    download_url: String,
}

#[derive(Deserialize)]
struct LegacyTranslated {
    translated_path: String,
    source_language: String,
    target_language: String,
    #[serde(default)]
    download_url: String,
}

#[derive(Deserialize)]
struct LegacyTranslateRequested {
    subtitle_file_path: String,
    source_language: String,
}

/// Legacy publishers set no `schema_version`.
fn is_current(event: &Event) -> bool {
    event.schema_version.is_some()
}

/// The result of a `subtitle.ready`, and the candidates that were considered; the error names the missing key.
pub fn read_ready(event: &Event) -> Result<(JobResult, Vec<Candidate>), serde_json::Error> {
    if is_current(event) {
        return event.read::<Ready>().map(|ready| (ready.result, ready.candidates));
    }
    let legacy: LegacyReady = event.read_untyped()?;
    let result = JobResult {
        url: legacy.download_url,
        key: legacy.subtitle_path,
        language: legacy.language,
        ..JobResult::default()
    };
    Ok((result, Vec::new()))
}

/// The result of a `subtitle.translated`; the error names the missing key.
pub fn read_translated(event: &Event) -> Result<JobResult, serde_json::Error> {
    if is_current(event) {
        return event.read::<Translated>().map(|translated| translated.result);
    }
    let legacy: LegacyTranslated = event.read_untyped()?;
    Ok(JobResult {
        url: legacy.download_url,
        key: legacy.translated_path,
        language: legacy.target_language,
        translated_from: Some(legacy.source_language),
        ..JobResult::default()
    })
}

/// The file a `subtitle.translate.requested` names, and the candidates that were considered; the error names the missing key.
pub fn read_translate_requested(event: &Event) -> Result<(Artifact, Vec<Candidate>), serde_json::Error> {
    if is_current(event) {
        return event.read::<TranslateRequested>().map(|request| (request.from, request.candidates));
    }
    let legacy: LegacyTranslateRequested = event.read_untyped()?;
    // Legacy publishers send no digest: an empty one is not checked.
    let from = Artifact { key: legacy.subtitle_file_path, language: legacy.source_language, sha256: String::new() };
    Ok((from, Vec::new()))
}
