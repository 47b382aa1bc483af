//! The types of a job's preferences: selection, output, priority and retries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Defaults;

/// Whether to accept subtitles for the deaf and hard of hearing (SDH).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum HearingImpaired {
    #[default]
    Any,
    Prefer,
    Require,
    Exclude,
}

/// Whether to select forced subtitles, which cover only foreign-language dialogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum Forced {
    #[default]
    Exclude,
    Only,
}

/// Which machine translations may be used. `Exclude` excludes them except those that the provider marks as made by a language
/// model, which rank below human ones; `ExcludeAll` excludes those too; `Allow` excludes none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum MachineTranslated {
    #[default]
    Exclude,
    ExcludeAll,
    Allow,
}

/// What makes a found subtitle good enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// The lowest acceptable score, 0 to 100. Example: `60`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub minimum_score: u8,
    /// Maximum number of downloads per attempt that count against a provider's quota. Example: `3`.
    #[serde(default = "Defaults::max_downloads")]
    #[schemars(range(min = 1, max = 20))]
    pub max_downloads: u8,
    /// Which machine translations may be used: none but those by a language model, which rank below human ones (`Exclude`),
    /// none at all (`ExcludeAll`), or any (`Allow`). Example: `Allow`.
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

/// The format of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
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
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum Sidecar {
    #[default]
    Never,
    IfAbsent,
    Overwrite,
}

/// What the result looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The file's format; `Original` keeps the one that was found, the others convert to it. Example: `SRT`.
    #[serde(default)]
    pub format: OutputFormat,
    /// Whether the file is also written beside the video: never, only if there is no file of this name (`IfAbsent`), or in
    /// place of it (`Overwrite`). Example: `IfAbsent`.
    #[serde(default)]
    pub sidecar: Sidecar,
}

/// Which job of a namespace goes first when many wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the description of the field of this type explains them")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// How often and how soon to retry.
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
