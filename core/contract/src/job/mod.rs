//! The SubtitleJob resource: its spec and status as types. `crds/subtitlejobs.yaml` is generated from here.
//! Doc comments become `kubectl explain`; every field has an example, a bound and, where sensible, a default.
#![expect(
    unreachable_pub,
    clippy::duplicated_attributes,
    reason = "KubeSchema derives a private twin of each public struct, and one attribute lists every column"
)]

pub mod library;
mod preferences;
mod status;
mod translation;
mod video;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use preferences::{
    Forced, HearingImpaired, MachineTranslated, Output, OutputFormat, Priority, Retry, Selection, Sidecar,
};
pub use status::{
    Artifact, Candidate, Cues, JobResult, Readability, StoredGlossary, SubtitleJobStatus, Untranslated, WaitingFor,
};
pub use translation::{
    DirectionMarks, GlossaryRef, PartialTranslations, Pivot, SoundDescriptions, Translation, TranslationPolicy,
    VariantMatch,
};
pub use video::Video;

use crate::names::SIMULATED;

/// One subtitle for one video in one language. Example: `{video: {path: films/harbour.mkv}, language: es}`.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "subtitles.dev",
    version = "v1alpha1",
    kind = "SubtitleJob",
    plural = "subtitlejobs",
    shortname = "subjob",
    category = "subtitles",
    namespaced,
    doc = "One subtitle for one video in one language: `kubectl explain subtitlejob.spec` shows what can be asked for.",
    status = "SubtitleJobStatus",
    derive = "PartialEq",
    selectable = ".status.phase",
    selectable = ".spec.language",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Language", type_ = "string", json_path = ".spec.language"),
    printcolumn(name = "Progress", type_ = "string", json_path = ".status.progress"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.reason"),
    printcolumn(name = "Video", type_ = "string", json_path = ".status.video", priority = 1),
    printcolumn(name = "Updated-By", type_ = "string", json_path = ".status.updatedBy", priority = 1),
    printcolumn(name = "Attempt", type_ = "integer", json_path = ".status.attempt", priority = 1),
    printcolumn(name = "Started", type_ = "date", json_path = ".status.startTime", priority = 1),
    printcolumn(name = "Completed", type_ = "date", json_path = ".status.completionTime", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.output.sidecar == 'Never' || has(self.video.path)", "output.sidecar needs video.path: there is no place beside a video that is not in a library"))]
pub struct SubtitleJobSpec {
    /// Which video. Example: `{library: default, path: films/harbour.mkv}`.
    pub video: Video,
    /// The language of the subtitle as a BCP 47 tag; Norwegian in quotes, because YAML reads an unquoted `no` as a boolean.
    /// Examples: `es`, `pt-BR`, `zh-Hans`, `"no"`.
    #[schemars(length(min = 2, max = 35), regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    pub language: String,
    /// Whether to accept subtitles for the deaf and hard of hearing (SDH): `Prefer` ranks them higher, `Require` accepts no
    /// others, and `Exclude` accepts none. Example: `Exclude`.
    #[serde(default)]
    pub hearing_impaired: HearingImpaired,
    /// Whether to select forced subtitles, which cover only foreign-language dialogue: none of them (`Exclude`) or no others
    /// (`Only`). Example: `Only`.
    #[serde(default)]
    pub forced: Forced,
    /// Sources to ask, in this order; by default the downloader's own order. Example: `[{name: embedded}, {name: library}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(
        merge_strategy = ListMerge::Atomic,
        validation = ("self.all(one, self.exists_one(other, other.name == one.name))", "sources must not list a source more than once")
    )]
    pub sources: Option<Vec<NamedRef>>,
    /// Sources to ask, in this order, if `sources` is not set. Those that are unknown or not configured are skipped with a
    /// warning in the status. Example: `[opensubtitles, library]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 64)))]
    pub preferred_sources: Vec<String>,
    /// What makes a found subtitle good enough. Example: `{minimumScore: 60}`.
    #[serde(default)]
    pub selection: Selection,
    /// What happens when the language is not found. Example: `{policy: IfNotFound, from: [en]}`.
    #[serde(default)]
    pub translation: Translation,
    /// What the result looks like. Example: `{format: SRT, sidecar: IfAbsent}`.
    #[serde(default)]
    pub output: Output,
    /// Which job of a namespace goes first when many wait; may be changed while it waits. Example: `High`.
    #[serde(default)]
    pub priority: Priority,
    /// How often and how fast to try again. Example: `{limit: 3, backoffSeconds: 30}`.
    #[serde(default)]
    pub retry: Retry,
    /// Seconds that workers may spend on the job, in all attempts together: counted while it is `DownloadInProgress` or
    /// `TranslateInProgress` and not suspended; queues, backoff and other waiting do not count. Example: `3600`.
    #[serde(default = "Defaults::active_deadline_seconds")]
    #[schemars(range(min = 1, max = 604_800))]
    pub active_deadline_seconds: u32,
    /// Seconds after its end, by the operator's clock, until the object is deleted; its history is kept longer. May be changed.
    /// Example: `86400`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<u32>,
    /// Stops the job: no task is published, and its worker stops before the next paid call. What was paid for is kept, and
    /// after `false` another attempt continues with it. A result that is already on its way is accepted. Example: `true`.
    #[serde(default)]
    pub suspend: bool,
}

/// A source or an engine by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedRef {
    /// Its name. Example: `embedded`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
}

impl SubtitleJobSpec {
    /// Whether it asks for the simulated source or engine by name.
    pub fn names_simulated(&self) -> bool {
        let engines = self.translation.engines.iter().flatten().map(|engine| engine.name.as_str());
        let sources = self.sources.iter().flatten().map(|source| source.name.as_str());
        let wished = self.preferred_sources.iter().map(String::as_str);
        sources.chain(wished).chain(engines).any(|name| name == SIMULATED)
    }

    /// The names in `sources` or, if not set, in `preferredSources`; empty if the downloader decides.
    pub fn source_names(&self) -> Vec<String> {
        let named = |sources: &Vec<NamedRef>| sources.iter().map(|source| source.name.clone()).collect();
        self.sources.as_ref().map_or_else(|| self.preferred_sources.clone(), named)
    }
}

/// The schema's defaults in one place.
struct Defaults;

impl Defaults {
    fn library() -> String {
        "default".to_owned()
    }
    fn source_languages() -> Vec<String> {
        vec!["en".to_owned()]
    }
    fn glossary_key() -> String {
        "glossary".to_owned()
    }
    fn max_downloads() -> u8 {
        3
    }
    fn retry_limit() -> u32 {
        3
    }
    fn backoff_seconds() -> u32 {
        10
    }
    fn max_backoff_seconds() -> u32 {
        600
    }
    fn active_deadline_seconds() -> u32 {
        21_600
    }
}
