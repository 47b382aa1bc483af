//! The status of a policy. Written only by the operator. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The observed state of the policy; written only by the operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SubtitlePolicyStatus {
    /// The generation of the object that this status describes. Example: `1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// The installation that works on the policy; the annotation `subtitles.dev/owner` gives it to another. Example:
    /// `subtitles/subtitle-operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317))]
    pub owner: Option<String>,
    /// When the next scan starts. Example: `2026-01-31T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_scan_time: Option<Time>,
    /// The value of the annotation `subtitles.dev/scan` that was last acted on. Example: `2026-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub scan_observed: Option<String>,
    /// The last scan of the whole library. Example: `{videos: 1200, isComplete: true}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scan: Option<LastScan>,
    /// How many subtitles are wanted and there. Example: `{wanted: 2400, satisfied: 2398, missing: 2}`.
    pub pairs: PairCounts,
    /// Some of the missing subtitles. Example: `[{path: films/harbour.mkv, language: es, reason: NoSubtitleFound}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub missing: Vec<MissingPair>,
    /// The state in one sentence. Example: `2 of 2400 subtitles are missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
    /// Ready, Satisfied, LibraryReachable, ScanPlausible, Suspended and Stalled. Example: `[{type: Satisfied, status: "True"}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub conditions: Vec<Condition>,
}

/// A scan of the whole library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastScan {
    /// Its id, as in its events. Example: `019a3c5e-7b1c-7d50-8000-2b8e1f0c9d11`.
    #[schemars(with = "String", length(max = 36))]
    pub id: Uuid,
    /// When it was requested. Example: `2026-01-31T20:15:00Z`.
    pub started: Time,
    /// When the operator learned of its end. Example: `2026-01-31T20:15:09Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<Time>,
    /// The videos it found. Example: `1200`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub videos: u32,
    /// Files and folders that it could not read. Example: `0`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub unreadable: u32,
    /// Whether it walked the whole library. Example: `true`.
    #[serde(default)]
    pub is_complete: bool,
    /// Why nothing is decided on it, if so. Example: `480 of 1200 videos have vanished`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub implausible: Option<String>,
}

/// How many subtitles are wanted, and where they stand. `missing` = `active` + `waiting` + `failed` + `givenUp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PairCounts {
    /// Videos times languages. Example: `2400`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub wanted: u32,
    /// Those that are there. Example: `2398`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub satisfied: u32,
    /// Those that are not. Example: `2`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub missing: u32,
    /// Missing ones with a job that is not finished. Example: `1`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub active: u32,
    /// Missing ones that wait for their turn. Example: `1`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub waiting: u32,
    /// Missing ones whose last job failed and that will be tried again. Example: `0`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub failed: u32,
    /// Missing ones that are not tried any more. Example: `0`.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub given_up: u32,
}

/// A subtitle that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingPair {
    /// The video. Example: `films/harbour.mkv`.
    #[schemars(length(max = 1024))]
    pub path: String,
    /// The language, and the kind unless it is `Full`. Example: `es`.
    #[schemars(length(max = 48))]
    pub language: String,
    /// Why it is missing. Example: `NoSubtitleFound`.
    #[schemars(length(max = 64))]
    pub reason: String,
}
