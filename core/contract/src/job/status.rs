//! The status of a job. Written only by the operator. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, MicroTime, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::VariantMatch;
use crate::{
    lenient::Lenient,
    phase::{Phase, Step},
    reason::Reason,
};

/// The observed state of the job; written only by the operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SubtitleJobStatus {
    /// The phase of the job: `Pending`, `DownloadQueued`, `DownloadInProgress`, `TranslateQueued`, `TranslateInProgress`,
    /// `Done` or `Failed`. Example: `TranslateInProgress`.
    pub phase: Lenient<Phase>,
    /// The current attempt, from 1; grows with every retry, resume and manual retry. Example: `1`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub attempt: u32,
    /// Failures that count against `spec.retry.limit`. Example: `0`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub failures: u32,
    /// The step that the job needs next: `Download` or `Translate`. Example: `Translate`.
    pub step: Lenient<Step>,
    /// The file that the translation starts from. Example: `{key: default/3f…, language: en}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Artifact>,
    /// The glossary of this attempt, as it was when the attempt started. Example: `{key: default/glossaries/3f….txt}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glossary: Option<StoredGlossary>,
    /// Grows by one with each write of the status. Example: `4`.
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_i64))]
    pub revision: i64,
    /// The revision up to which decisions have been published as events. Example: `4`.
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_i64))]
    pub announced_revision: i64,
    /// The same as `announcedRevision`, under the name that earlier versions read: after a rollback they publish nothing twice. Example: `4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_i64))]
    pub announced: Option<i64>,
    /// The value of the annotation `subtitles.dev/retry` that was last acted on. Example: `2026-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub retry_observed: Option<String>,
    /// The event source that caused the last change. Example: `translator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub updated_by: Option<String>,
    /// The reason for the current state. Example: `WaitingForWorker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Lenient<Reason>>,
    /// What must happen before the next task is published; absent if nothing must. Example: `Turn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<Lenient<WaitingFor>>,
    /// The installation that works on the job: the namespace and the name of its leader's lease. Others leave the job alone,
    /// unless its annotation `subtitles.dev/owner` names them: that takes the job over. Example: `subtitles/subtitle-operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317))]
    pub owner: Option<String>,
    /// A message for the user. Example: `no source has a Spanish subtitle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
    /// Translated cues of all cues, for display. Example: `120/356`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub progress: Option<String>,
    /// Translated cues of all cues. Example: `{done: 120, total: 356}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cues: Option<Cues>,
    /// The video's display name. Example: `harbour.mkv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub video: Option<String>,
    /// When the next attempt starts, by the operator's clock. Example: `2026-01-31T20:15:00.250000Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_time: Option<MicroTime>,
    /// When the current attempt started, unless it is the first: a legacy event, which has no attempt, belongs to it if it is
    /// not older. Example: `2026-01-31T20:15:00.250000Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_time: Option<MicroTime>,
    /// When the operator saw that a worker had started the job, by the operator's clock: workers' clocks decide nothing.
    /// Example: `2026-01-31T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Since when the deadline has been running, by the operator's clock; absent while no worker has the job. Example:
    /// `2026-01-31T20:15:00.250000Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_since: Option<MicroTime>,
    /// Seconds of the deadline that were used before `activeSince`. Example: `40`.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub active_seconds: i64,
    /// When the operator saw that the job had finished, by the operator's clock; `spec.ttlSecondsAfterFinished` counts from it.
    /// Example: `2026-01-31T20:15:09Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// The generation of the object that this status describes; it follows `metadata.generation` in every phase. Example: `1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// The trace that all events of the job belong to. Example: `4bf92f3577b34da6a3ce929d0e0e4736`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub trace_id: Option<String>,
    /// The subtitle. Example: `{language: es, format: SRT, cues: 356}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<JobResult>,
    /// The best candidates and why they were rejected. Example: `[{from: library, score: 40, rejectionReason: another language}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub candidates: Vec<Candidate>,
    /// The parts of the request that were ignored, and why. Example: `[the source 'subdl' is not set up here]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 256)))]
    pub warnings: Vec<String>,
    /// The job's conditions; see the README's table. Example: `[{type: Finished, status: "True"}]`.
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

/// What a job waits for before its next task is published: its turn among the other jobs, a session with the broker, the
/// ConfigMap of `spec.translation.glossaryRef`, or `spec.suspend` set to false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the type's description explains them")]
pub enum WaitingFor {
    Turn,
    Broker,
    Glossary,
    Resume,
}

/// A subtitle file in the object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
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

/// A copy of a glossary in the object store, as its ConfigMap was when the attempt started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredGlossary {
    /// Its key in the store. Example: `default/glossaries/3f2a….txt`.
    #[schemars(length(max = 1024))]
    pub key: String,
    /// The SHA-256 of its bytes, hexadecimal. Example: `9f86d081…`.
    #[schemars(length(max = 64))]
    pub sha256: String,
}

/// Translated cues of all cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cues {
    /// Cues translated. Example: `120`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub done: u32,
    /// All cues. Example: `356`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub total: u32,
}

/// The resulting subtitle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobResult {
    /// The URL of the file. Example: `http://127.0.0.1:8080/subtitles/0c1d…/file`.
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
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub cues: u32,
    /// The SHA-256 of its bytes, hexadecimal. Example: `9f86d081…`.
    #[schemars(length(max = 64))]
    pub sha256: String,
    /// The source in which it was found. Example: `embedded`.
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
    /// How closely the engine's language variant matches the requested one. Example: `Exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Lenient<VariantMatch>>,
    /// The intermediate language of the translation. Example: `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 35))]
    pub via: Option<String>,
    /// The SHA-256 of the glossary it was translated with, hexadecimal. Example: `9f86d081…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub glossary: Option<String>,
    /// Cues that were left in the source's language, as `spec.translation.partial` allows. Example: `{count: 1, cues: [17]}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untranslated: Option<Untranslated>,
    /// How many cues of the translation are hard to read, by rule. Example: `{fast: 12, wide: 1}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readability: Option<Readability>,
}

/// Cues that were left in the source's language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Untranslated {
    /// How many. Example: `1`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub count: u32,
    /// Their numbers in the file, from 1; the first fifty. Example: `[17]`.
    #[schemars(length(max = 50), inner(range(min = 1, max = 2_147_483_647)))]
    pub cues: Vec<u32>,
}

/// How many cues are hard to read, by rule. It never fails a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Readability {
    /// More than 17 characters a second. Example: `12`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub fast: u32,
    /// A line of more than 42 characters (16 in full-width scripts), or more than two lines. Example: `1`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub wide: u32,
    /// Shown for less than five sixths of a second. Example: `0`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub brief: u32,
    /// Shown for more than seven seconds. Example: `3`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub lasting: u32,
    /// Less than two frames (at 24 a second) before the next cue, without touching it. Example: `0`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub close: u32,
}

/// A subtitle that was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "StoredCandidate")]
pub struct Candidate {
    /// The source, and the subtitle's name there.
    pub from: String,
    /// Its score, 0 to 100.
    pub score: u8,
    /// Why it was rejected; absent for the one that was chosen.
    #[serde(rename = "rejectionReason", skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
}

/// A subtitle that was considered, as this and earlier versions write it.
#[derive(Deserialize, JsonSchema)]
struct StoredCandidate {
    /// The source, and the subtitle's name there. Example: `library: harbour.en.srt`.
    #[schemars(length(max = 256))]
    from: String,
    /// Its score, 0 to 100. Example: `40`.
    #[schemars(range(min = 0, max = 100))]
    score: u8,
    /// Why it was rejected; absent for the one that was chosen. Example: `another language: en`.
    #[serde(default, rename = "rejectionReason")]
    #[schemars(length(max = 256))]
    rejection_reason: Option<String>,
    /// The name of `rejectionReason` in earlier versions; read but not written. Example: `another language: en`.
    #[serde(default)]
    #[schemars(length(max = 256))]
    lost: Option<String>,
}

impl From<StoredCandidate> for Candidate {
    fn from(StoredCandidate { from, score, rejection_reason, lost }: StoredCandidate) -> Self {
        Self { from, score, rejection_reason: rejection_reason.or(lost) }
    }
}

impl SubtitleJobStatus {
    /// The revision up to which decisions have been published, whichever version wrote it.
    pub fn announced_up_to(&self) -> i64 {
        self.announced_revision.max(self.announced.unwrap_or_default())
    }

    /// Records that decisions have been published up to `revision`, also under the name that earlier versions read, which is
    /// the only one that their CRD keeps.
    pub fn set_announced(&mut self, revision: i64) {
        self.announced_revision = revision;
        self.announced = Some(revision);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_of_earlier_versions_are_read_and_written_under_the_new_names() {
        let old = json!({"revision": 4, "announced": 3, "candidates": [{"from": "a", "score": 1, "lost": "worse"}]});
        let mut status: SubtitleJobStatus = serde_json::from_value(old).expect("reads");
        assert_eq!((status.announced_up_to(), status.candidates[0].rejection_reason.as_deref()), (3, Some("worse")));
        status.set_announced(4);
        let written = serde_json::to_value(&status).expect("writes");
        assert_eq!((&written["announcedRevision"], &written["announced"]), (&json!(4), &json!(4)));
        assert_eq!(written["candidates"], json!([{"from": "a", "score": 1, "rejectionReason": "worse"}]));
    }

    #[test]
    fn values_of_a_newer_version_survive_reading_and_writing() {
        let newer = json!({"phase": "TranscribeQueued", "reason": "WaitingForMoonlight", "step": "Transcribe"});
        let status: SubtitleJobStatus = serde_json::from_value(newer.clone()).expect("reads");
        let written = serde_json::to_value(&status).expect("writes");
        for field in ["phase", "reason", "step"] {
            assert_eq!(written[field], newer[field]);
        }
    }
}
