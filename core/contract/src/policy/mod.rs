//! The SubtitlePolicy resource, a library as desired state: its spec and status as types, the scans that find out what is
//! there, and the ledger of what is missing. `crds/subtitlepolicies.yaml` is generated from here.
#![expect(
    unreachable_pub,
    clippy::duplicated_attributes,
    reason = "KubeSchema derives a private twin of each public struct, and one attribute lists every column"
)]

pub mod ledger;
pub mod pages;
mod period;
pub mod scan;
mod status;
mod template;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use period::Period;
pub use status::{LastScan, MissingPair, PairCounts, SubtitlePolicyStatus};
pub use template::{JobTemplate, JobTemplateMetadata, JobTemplateSpec};

/// The annotation whose change starts a scan.
pub const SCAN_ANNOTATION: &str = "subtitles.dev/scan";
/// The annotation with the id of a scan whose result is right although it is implausible.
pub const ACCEPT_SCAN_ANNOTATION: &str = "subtitles.dev/accept-scan";

/// Subtitles that every video of a library should have. Example: `{library: default, languages: [{language: es}]}`.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "subtitles.dev",
    version = "v1alpha1",
    kind = "SubtitlePolicy",
    plural = "subtitlepolicies",
    shortname = "subpol",
    category = "subtitles",
    namespaced,
    doc = "Subtitles that every video of a library should have: `kubectl explain subtitlepolicy.spec` shows what can be asked for.",
    status = "SubtitlePolicyStatus",
    derive = "PartialEq",
    printcolumn(name = "Library", type_ = "string", json_path = ".spec.library"),
    printcolumn(name = "Wanted", type_ = "integer", json_path = ".status.pairs.wanted"),
    printcolumn(name = "Satisfied", type_ = "integer", json_path = ".status.pairs.satisfied"),
    printcolumn(name = "Missing", type_ = "integer", json_path = ".status.pairs.missing"),
    printcolumn(name = "Active", type_ = "integer", json_path = ".status.pairs.active", priority = 1),
    printcolumn(name = "Failed", type_ = "integer", json_path = ".status.pairs.failed", priority = 1),
    printcolumn(name = "Scanned", type_ = "date", json_path = ".status.lastScan.completed", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct SubtitlePolicySpec {
    /// The library, as in `spec.video.library` of a job. Example: `films`.
    #[serde(default = "default_library")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub library: String,
    /// Which of its videos. Example: `{include: ["shows/**"], exclude: ["**/extras/**"]}`.
    #[serde(default)]
    pub select: VideoSelection,
    /// The subtitles that each video should have. Example: `[{language: es}, {language: he}]`.
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(
        merge_strategy = ListMerge::Atomic,
        validation = ("self.all(one, self.exists_one(other, other.language == one.language && other.kind == one.kind))", "languages must not list a language and kind more than once")
    )]
    pub languages: Vec<WantedLanguage>,
    /// What the jobs of this policy are made from. Example: `{spec: {translation: {from: [en]}}}`.
    #[serde(default)]
    pub template: JobTemplate,
    /// When the library is scanned. Example: `{interval: 6h}`.
    #[serde(default)]
    pub scan: ScanSchedule,
    /// How much the policy may do at once. Example: `{active: 20, newPerHour: 100}`.
    #[serde(default)]
    pub limits: PolicyLimits,
    /// When a subtitle that was not found is searched for again. Example: `{again: 24h, giveUpAfter: 180d}`.
    #[serde(default)]
    pub search: SearchSchedule,
    /// Whether jobs are created: `Observe` only scans and counts. Example: `Observe`.
    #[serde(default)]
    pub mode: PolicyMode,
    /// Stops the policy: `Hold` creates no more jobs; `HoldAndDrain` also deletes those that no worker has begun. Example:
    /// `Hold`.
    #[serde(default)]
    pub stop: PolicyStop,
}

fn default_library() -> String {
    "default".to_owned()
}

/// Which videos of a library belong to a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VideoSelection {
    /// Globs of paths in the library; empty for every video. Example: `["shows/**"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 25), inner(length(min = 1, max = 256)))]
    pub include: Vec<String>,
    /// Globs of paths that are left out, even if they are included. Example: `["**/extras/**"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 25), inner(length(min = 1, max = 256)))]
    pub exclude: Vec<String>,
    /// For how long a file must not have changed before it counts. Example: `5m`.
    #[serde(default = "default_settle")]
    pub settle: Period,
}

fn default_settle() -> Period {
    Period::minutes(5)
}

impl Default for VideoSelection {
    fn default() -> Self {
        Self { include: Vec::new(), exclude: Vec::new(), settle: default_settle() }
    }
}

/// A subtitle that each video should have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WantedLanguage {
    /// Its language as a BCP 47 tag. Examples: `es`, `pt-BR`, `"no"`.
    #[schemars(length(min = 2, max = 35), regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    pub language: String,
    /// What it covers: all dialogue (`Full`) or only foreign-language dialogue (`Forced`). Example: `Forced`.
    #[serde(default)]
    pub kind: WantedKind,
    /// Where it may be for the video to have it: in a file beside the video (`Sidecar`) or in a text track inside it
    /// (`Embedded`). Example: `[Sidecar]`.
    #[serde(default = "default_accept")]
    #[schemars(length(min = 1, max = 2))]
    pub accept: Vec<AcceptedPlace>,
    /// For how long only a subtitle that somebody made is searched for, before one may be translated. Example: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translate_after: Option<Period>,
}

fn default_accept() -> Vec<AcceptedPlace> {
    vec![AcceptedPlace::Sidecar, AcceptedPlace::Embedded]
}

/// What a wanted subtitle covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum WantedKind {
    #[default]
    Full,
    Forced,
}

/// Where a subtitle is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum AcceptedPlace {
    Sidecar,
    Embedded,
}

/// When the library is scanned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScanSchedule {
    /// Time between a scan's end and the next one, at least a minute. Example: `6h`.
    #[serde(default = "default_interval")]
    pub interval: Period,
}

fn default_interval() -> Period {
    Period::hours(6)
}

impl Default for ScanSchedule {
    fn default() -> Self {
        Self { interval: default_interval() }
    }
}

/// How much a policy may do at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyLimits {
    /// Jobs that are not finished. Example: `20`.
    #[schemars(range(min = 1, max = 10_000))]
    pub active: u32,
    /// Jobs created within any hour. Example: `100`.
    #[schemars(range(min = 1, max = 100_000))]
    pub new_per_hour: u32,
    /// Videos; with more of them the policy creates no jobs. Example: `50000`.
    #[schemars(range(min = 1, max = 200_000))]
    pub videos: u32,
}

impl Default for PolicyLimits {
    fn default() -> Self {
        Self { active: 20, new_per_hour: 100, videos: 50_000 }
    }
}

/// When a subtitle that was not found is searched for again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SearchSchedule {
    /// Time before the second search. Example: `24h`.
    pub again: Period,
    /// By how much each further wait is longer than the one before. Example: `2`.
    #[schemars(range(min = 1, max = 10))]
    pub factor: u32,
    /// The longest wait. Example: `30d`.
    pub longest: Period,
    /// The time after which a missing subtitle is not searched for any more. Example: `180d`.
    pub give_up_after: Period,
}

impl Default for SearchSchedule {
    fn default() -> Self {
        Self {
            again: Period::hours(24),
            factor: 2,
            longest: Period::hours(30 * 24),
            give_up_after: Period::hours(180 * 24),
        }
    }
}

/// Whether a policy creates jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum PolicyMode {
    #[default]
    Enforce,
    Observe,
}

/// How a policy is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum PolicyStop {
    #[default]
    None,
    Hold,
    HoldAndDrain,
}
