//! The SubtitleJob resource: its spec and status as types. `crds/subtitlejobs.yaml` is generated from here.
//! Doc comments become `kubectl explain`; every field has an example, a bound and, where sensible, a default.
#![expect(
    unreachable_pub,
    clippy::duplicated_attributes,
    reason = "KubeSchema derives a private twin of each public struct, and one attribute lists every column"
)]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    phase::{Phase, Step},
    reason::Reason,
};

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
    /// The language of the subtitle as a BCP 47 tag. Examples: `es`, `pt-BR`, `zh-Hans`.
    #[schemars(length(min = 2, max = 35), regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    pub language: String,
    /// Whether sounds and speakers are described in the subtitle. Example: `Exclude`.
    #[serde(default)]
    pub hearing_impaired: HearingImpaired,
    /// Whether it holds foreign-language parts only. Example: `Only`.
    #[serde(default)]
    pub forced: Forced,
    /// Sources to ask, in this order; left out, the operator's own order. Example: `[{name: embedded}, {name: library}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(
        merge_strategy = ListMerge::Atomic,
        validation = ("self.all(one, self.exists_one(other, other.name == one.name))", "sources must not name one source twice")
    )]
    pub sources: Option<Vec<Named>>,
    /// What makes a found subtitle good enough. Example: `{minimumScore: 60}`.
    #[serde(default)]
    pub selection: Selection,
    /// What happens when the language is not found. Example: `{policy: IfNotFound, from: [en]}`.
    #[serde(default)]
    pub translation: Translation,
    /// What the result looks like. Example: `{format: SRT, sidecar: IfAbsent}`.
    #[serde(default)]
    pub output: Output,
    /// Whose turn it is when many wait. Example: `High`.
    #[serde(default)]
    pub priority: Priority,
    /// How often and how fast to try again. Example: `{limit: 3, backoffSeconds: 30}`.
    #[serde(default)]
    pub retry: Retry,
    /// Seconds the job may be worked on, waiting not counted. Example: `3600`.
    #[serde(default = "Defaults::active_deadline_seconds")]
    #[schemars(range(min = 1, max = 604_800))]
    pub active_deadline_seconds: u32,
    /// Seconds after its end when the object is deleted; the history outlives it. Example: `86400`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<u32>,
    /// Keeps new work from starting; the only field that may be changed. Example: `true`.
    #[serde(default)]
    pub suspend: bool,
}

/// Which video: at least one way to find it, at most one of `url` and `path`.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.url) || has(self.path) || has(self.title) || has(self.imdbId) || has(self.tmdbId) || has(self.movieHash)", "video needs at least one of url, path, title, imdbId, tmdbId, movieHash"),
    validation = ("!(has(self.url) && has(self.path))", "video takes url or path, not both"),
    validation = ("!has(self.episodes) || has(self.season)", "video.episodes needs video.season"),
    validation = ("!has(self.path) || !self.path.split('/').exists(part, part == '..')", "video.path must not contain '..': it stays inside its library"),
    validation = ("!has(self.path) || !self.path.startsWith('/')", "video.path is relative to its library: leave out the leading '/'")
)]
pub struct Video {
    /// Where the video can be read with Range requests. Example: `https://media.example/harbour.mkv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^https?://[^\s/]+"))]
    pub url: Option<String>,
    /// The named mount that `path` is in. Example: `films`.
    #[serde(default = "Defaults::library")]
    #[schemars(length(max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub library: String,
    /// The file inside the library. Example: `shows/harbour/s01e02.mkv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub path: Option<String>,
    /// The work's title. Example: `The Harbour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub title: Option<String>,
    /// The year of release. Example: `2024`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1870, max = 2200))]
    pub year: Option<u16>,
    /// The season; 0 is for specials. Example: `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000))]
    pub season: Option<u16>,
    /// The episodes this file holds. Example: `[2]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10), inner(range(min = 0, max = 10_000)))]
    pub episodes: Option<Vec<u16>>,
    /// The film's or the episode's own IMDb id. Example: `tt0133093`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^tt[0-9]{5,10}$"))]
    pub imdb_id: Option<String>,
    /// The series' IMDb id. Example: `tt0903747`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^tt[0-9]{5,10}$"))]
    pub series_imdb_id: Option<String>,
    /// The id at TMDB. Example: `603`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub tmdb_id: Option<u32>,
    /// The series' id at TVDB. Example: `81189`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub tvdb_id: Option<u32>,
    /// The OpenSubtitles hash of the file. Example: `8e245d9679d31e12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), regex(pattern = r"^[0-9a-f]{16}$"))]
    pub movie_hash: Option<String>,
    /// The name the file was released under. Example: `The.Harbour.2024.1080p.WEB.x264`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub release_name: Option<String>,
}

/// A source or an engine by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// Its name as the operator's configuration knows it. Example: `embedded`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
}

/// Whether sounds and speakers are described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum HearingImpaired {
    #[default]
    Any,
    Prefer,
    Require,
    Exclude,
}

/// Whether only foreign-language parts are in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Forced {
    #[default]
    Exclude,
    Only,
}

/// Whether the source may be machine-translated already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum MachineTranslated {
    #[default]
    Exclude,
    Allow,
}

/// What makes a found subtitle good enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// The least score, 0 to 100, that is taken. Example: `60`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub minimum_score: u8,
    /// The most downloads that count against a provider's quota. Example: `3`.
    #[serde(default = "Defaults::max_downloads")]
    #[schemars(range(min = 1, max = 20))]
    pub max_downloads: u8,
    /// Whether a subtitle that says it is machine-translated is taken. Example: `Allow`.
    #[serde(default)]
    pub machine_translated: MachineTranslated,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            minimum_score: 0,
            max_downloads: Defaults::max_downloads(),
            machine_translated: MachineTranslated::default(),
        }
    }
}

/// When to translate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum TranslationPolicy {
    #[default]
    IfNotFound,
    Never,
    Always,
}

/// Whether a language in between may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Pivot {
    #[default]
    Never,
    ViaEnglish,
}

/// How near a language variant must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Variants {
    Exact,
    Script,
    #[default]
    Base,
}

/// What becomes of descriptions of sounds in a translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum KeepOrRemove {
    #[default]
    Keep,
    Remove,
}

/// Whether a translation with gaps may be shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Partial {
    #[default]
    Forbid,
    Allow,
}

/// What happens when the language is not found.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Translation {
    /// `IfNotFound`; `Never` ends without a subtitle; `Always` translates even when the language exists. Example: `Never`.
    #[serde(default)]
    pub policy: TranslationPolicy,
    /// Languages to translate from, best first. Example: `[en, fr]`.
    #[serde(default = "Defaults::from")]
    #[schemars(
        length(min = 1, max = 8),
        inner(length(min = 2, max = 35), regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))
    )]
    pub from: Vec<String>,
    /// Engines to use, in this order; left out, the translator's own order. Example: `[{name: apertium}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(
        merge_strategy = ListMerge::Atomic,
        validation = ("self.all(one, self.exists_one(other, other.name == one.name))", "translation.engines must not name one engine twice")
    )]
    pub engines: Option<Vec<Named>>,
    /// Whether to go through English where no engine knows the pair. Example: `ViaEnglish`.
    #[serde(default)]
    pub pivot: Pivot,
    /// How near an engine's variant of the language must be. Example: `Exact`.
    #[serde(default)]
    pub variants: Variants,
    /// What becomes of descriptions of sounds. Example: `Remove`.
    #[serde(default)]
    pub hearing_impaired: KeepOrRemove,
    /// A ConfigMap in the same namespace with names and terms. Example: `{name: harbour-names}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary_ref: Option<GlossaryRef>,
    /// The most characters that may be sent to engines. Example: `60000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_characters: Option<u32>,
    /// Whether a translation with gaps may be shipped. Example: `Allow`.
    #[serde(default)]
    pub partial: Partial,
}

impl Default for Translation {
    fn default() -> Self {
        Self {
            policy: TranslationPolicy::default(),
            from: Defaults::from(),
            engines: None,
            pivot: Pivot::default(),
            variants: Variants::default(),
            hearing_impaired: KeepOrRemove::default(),
            glossary_ref: None,
            max_characters: None,
            partial: Partial::default(),
        }
    }
}

/// A ConfigMap by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GlossaryRef {
    /// Its name. Example: `harbour-names`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// The format of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum OutputFormat {
    #[default]
    Original,
    #[serde(rename = "SRT")]
    Srt,
    #[serde(rename = "WebVTT")]
    WebVtt,
    #[serde(rename = "ASS")]
    Ass,
}

/// Whether the result is also written beside the video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Sidecar {
    #[default]
    Never,
    IfAbsent,
    Overwrite,
}

/// What the result looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The file's format; `Original` keeps the one that was found. Example: `SRT`.
    #[serde(default)]
    pub format: OutputFormat,
    /// Whether the file is also written beside the video. Example: `IfAbsent`.
    #[serde(default)]
    pub sidecar: Sidecar,
}

/// Whose turn it is when many wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// How often and how fast to try again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// Retries after the first attempt: 3 means at most 4 attempts. Example: `0`.
    #[serde(default = "Defaults::retry_limit")]
    #[schemars(range(min = 0, max = 100))]
    pub limit: u32,
    /// Seconds before the first retry; doubled each time. Example: `30`.
    #[serde(default = "Defaults::backoff_seconds")]
    #[schemars(range(min = 1, max = 86_400))]
    pub backoff_seconds: u32,
    /// The longest wait in seconds. Example: `600`.
    #[serde(default = "Defaults::max_backoff_seconds")]
    #[schemars(range(min = 1, max = 86_400))]
    pub max_backoff_seconds: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            limit: Defaults::retry_limit(),
            backoff_seconds: Defaults::backoff_seconds(),
            max_backoff_seconds: Defaults::max_backoff_seconds(),
        }
    }
}

/// The schema's defaults in one place.
struct Defaults;

impl Defaults {
    fn library() -> String {
        "default".to_owned()
    }
    fn from() -> Vec<String> {
        vec!["en".to_owned()]
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
