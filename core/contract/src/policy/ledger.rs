//! The ledger of a policy, a hash in Redis: for each video, by its path, which wanted subtitles it has and what was done to get
//! the others. Written only by the operator; one scan and the existing jobs rebuild it. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{WantedKind, WantedLanguage, scan::SidecarAuthor};

/// The videos of a policy by their path.
pub type Ledger = BTreeMap<String, LedgerVideo>;

/// A video of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerVideo {
    /// The file's size in bytes.
    pub size: u64,
    /// The OpenSubtitles hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// When the newest scan that listed it was requested.
    pub seen: Timestamp,
    /// When it was listed for the first time.
    pub since: Timestamp,
    /// Its wanted subtitles, by [`pair_key`].
    pub pairs: BTreeMap<String, LedgerPair>,
}

/// A wanted subtitle of a video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerPair {
    /// What satisfies it; `None` while it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<Satisfaction>,
    /// Since when it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
    /// How often it became missing again; a part of its job's name.
    pub wish: u32,
    /// Digests of sidecars in its language that jobs wrote for another file under this path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// The name of its job, until that is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// When its last job was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// The digest of the template of its job.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub template: String,
    /// Jobs that did not satisfy it, since it is missing.
    pub failures: u32,
    /// No job is created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Why the last job did not satisfy it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What satisfies a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Satisfaction {
    /// A file beside the video.
    Sidecar(SidecarAuthor),
    /// A text track inside it.
    Embedded,
    /// A job that finished at this time; no scan has seen its file yet, or it writes none.
    Job(Timestamp),
}

/// How a pair is called within its video: the language, and the kind unless it is `Full`.
pub fn pair_key(wanted: &WantedLanguage) -> String {
    match wanted.kind {
        WantedKind::Full => wanted.language.clone(),
        WantedKind::Forced => format!("{}/Forced", wanted.language),
    }
}
