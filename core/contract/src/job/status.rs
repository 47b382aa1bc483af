//! What is known of a job; written only by the operator.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Variants;
use crate::{
    phase::{Phase, Step},
    reason::Reason,
};

/// What is known of the job; written only by the operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SubtitleJobStatus {
    /// Where the job stands. Example: `TranslateInProgress`.
    pub phase: Phase,
    /// The current attempt, from 1; grows with every retry, resume and manual retry. Example: `1`.
    #[schemars(range(min = 0))]
    pub attempt: u32,
    /// Failures that count against `spec.retry.limit`. Example: `0`.
    #[schemars(range(min = 0))]
    pub failures: u32,
    /// The step the job needs next. Example: `Translate`.
    pub step: Step,
    /// What the translation starts from. Example: `{key: default/3f…, language: en}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Artefact>,
    /// The glossary of this attempt, as it was when the attempt began. Example: `{key: default/glossaries/3f….txt}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glossary: Option<StoredGlossary>,
    /// Grows by one with each write of the status. Example: `4`.
    #[schemars(range(min = 0))]
    pub revision: i64,
    /// The revision up to which decisions are published as events. Example: `4`.
    #[schemars(range(min = 0))]
    pub announced: i64,
    /// The value of the annotation `subtitles.dev/retry` that was last acted on. Example: `2026-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub retry_observed: Option<String>,
    /// Who caused the last change. Example: `translator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub updated_by: Option<String>,
    /// Why the job is where it is. Example: `WaitingForWorker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What a person should know. Example: `no source has a Spanish subtitle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
    /// Cues done of all, for people. Example: `120/356`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub progress: Option<String>,
    /// Cues done of all. Example: `{done: 120, total: 356}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cues: Option<Cues>,
    /// The video's display name. Example: `harbour.mkv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub video: Option<String>,
    /// When the next attempt starts. Example: `2026-01-31T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_time: Option<Time>,
    /// When the current attempt began, unless it is the first: what an old publisher says without naming an attempt is of
    /// this one from then on. Example: `2026-01-31T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_time: Option<Time>,
    /// When a worker first took it. Example: `2026-01-31T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Since when its deadline runs without a pause; absent while it stands still. Example: `2026-01-31T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_since: Option<Time>,
    /// Seconds of its deadline that were used up before `activeSince`. Example: `40`.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub active_seconds: i64,
    /// When it was over. Example: `2026-01-31T20:15:09Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// The generation of the object this status speaks of. Example: `1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The trace all events of the job belong to. Example: `4bf92f3577b34da6a3ce929d0e0e4736`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub trace_id: Option<String>,
    /// The subtitle. Example: `{language: es, format: SRT, cues: 356}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<JobResult>,
    /// The best candidates and why they lost. Example: `[{from: library, score: 40, lost: another language}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub candidates: Vec<Candidate>,
    /// What of the question was left out, and why. Example: `[the source 'subdl' is not set up here]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 256)))]
    pub warnings: Vec<String>,
    /// What is true of the job now; see the README's table. Example: `[{type: Finished, status: "True"}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

/// A subtitle file in the object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artefact {
    /// Its key in the store. Example: `default/text/3f2a….srt`.
    #[schemars(length(max = 1024))]
    pub key: String,
    /// Its language. Example: `en`.
    #[schemars(length(max = 35))]
    pub language: String,
    /// The SHA-256 of its bytes, hexadecimal. Example: `9f86d081…`.
    #[schemars(length(max = 64))]
    pub sha256: String,
}

/// A glossary in the object store, as its ConfigMap was when the attempt began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredGlossary {
    /// Its key in the store. Example: `default/glossaries/3f2a….txt`.
    #[schemars(length(max = 1024))]
    pub key: String,
    /// The SHA-256 of its bytes, hexadecimal. Example: `9f86d081…`.
    #[schemars(length(max = 64))]
    pub sha256: String,
}

/// Cues done of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cues {
    /// Cues translated. Example: `120`.
    #[schemars(range(min = 0))]
    pub done: u32,
    /// All cues. Example: `356`.
    #[schemars(range(min = 0))]
    pub total: u32,
}

/// The subtitle that was found or made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobResult {
    /// Where to get it. Example: `http://127.0.0.1:8080/subtitles/0c1d…/file`.
    #[schemars(length(max = 2048))]
    pub url: String,
    /// Its key in the store. Example: `default/text/3f2a….srt`.
    #[schemars(length(max = 1024))]
    pub key: String,
    /// Its language. Example: `es`.
    #[schemars(length(max = 35))]
    pub language: String,
    /// Its format. Example: `SRT`.
    #[schemars(length(max = 16))]
    pub format: String,
    /// How many cues it has. Example: `356`.
    #[schemars(range(min = 0))]
    pub cues: u32,
    /// The SHA-256 of its bytes, hexadecimal. Example: `9f86d081…`.
    #[schemars(length(max = 64))]
    pub sha256: String,
    /// The source it was found in. Example: `embedded`.
    #[schemars(length(max = 63))]
    pub source: String,
    /// The language it was translated from. Example: `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 35))]
    pub translated_from: Option<String>,
    /// The engine that translated it. Example: `apertium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub engine: Option<String>,
    /// How near the engine's variant of the language is to the one asked for. Example: `Exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variants>,
    /// The language it went through. Example: `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 35))]
    pub via: Option<String>,
    /// The SHA-256 of the glossary it was translated with, hexadecimal. Example: `9f86d081…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub glossary: Option<String>,
    /// Cues that stay in the source's language, as `spec.translation.partial` allows. Example: `{count: 1, cues: [17]}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untranslated: Option<Untranslated>,
    /// How many cues of the translation are hard to read, by rule. Example: `{fast: 12, wide: 1}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readability: Option<Readability>,
}

/// Cues that stay in the source's language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Untranslated {
    /// How many. Example: `1`.
    #[schemars(range(min = 0))]
    pub count: u32,
    /// Their numbers in the file, from 1; the first fifty. Example: `[17]`.
    #[schemars(length(max = 50), inner(range(min = 1)))]
    pub cues: Vec<u32>,
}

/// How many cues are hard to read, by rule. It never fails a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Readability {
    /// More than 17 characters a second. Example: `12`.
    #[schemars(range(min = 0))]
    pub fast: u32,
    /// A line of more than 42 characters (16 where they are as wide as high), or more than two lines. Example: `1`.
    #[schemars(range(min = 0))]
    pub wide: u32,
    /// Shown for less than five sixths of a second. Example: `0`.
    #[schemars(range(min = 0))]
    pub brief: u32,
    /// Shown for more than seven seconds. Example: `3`.
    #[schemars(range(min = 0))]
    pub lasting: u32,
    /// Less than two frames (at 24 a second) before the next cue, without touching it. Example: `0`.
    #[schemars(range(min = 0))]
    pub close: u32,
}

/// A subtitle that was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The source and what it calls it. Example: `library: harbour.en.srt`.
    #[schemars(length(max = 256))]
    pub from: String,
    /// Its score, 0 to 100. Example: `40`.
    #[schemars(range(min = 0, max = 100))]
    pub score: u8,
    /// Why it was not taken; absent for the one that was. Example: `another language: en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub lost: Option<String>,
}
