//! What a scan learns of a video by opening it, and how a segment of them is written: a line of JSON for each. Pure.

use serde::{Deserialize, Serialize};
use subtitle_contract::policy::scan::{ScannedTrack, SidecarAuthor};

/// What was learned of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct CachedVideo {
    /// Its path below the library.
    pub(in super::super) path: String,
    /// What its file's stamp was.
    pub(in super::super) stamp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) duration_seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) tracks: Vec<ScannedTrack>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) sidecars: Vec<CachedSidecar>,
}

/// What was learned of a sidecar; what its name says is read each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct CachedSidecar {
    pub(in super::super) label: String,
    pub(in super::super) stamp: String,
    pub(in super::super) digest: String,
    pub(in super::super) author: SidecarAuthor,
    /// Whether it is text; pictures of text are no subtitle that anybody can use.
    pub(in super::super) is_text: bool,
    /// By its text, if its name names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) language: Option<String>,
}

/// Writes a segment.
pub(super) fn to_lines(videos: &[CachedVideo]) -> Vec<u8> {
    let mut lines = Vec::new();
    for video in videos {
        // Texts and numbers always become JSON.
        lines.extend(serde_json::to_vec(video).unwrap_or_default());
        lines.push(b'\n');
    }
    lines
}

/// Reads a segment; what cannot be read is left out.
pub(super) fn from_lines(lines: &[u8]) -> impl Iterator<Item = CachedVideo> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}
