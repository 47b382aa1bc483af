//! What the operator asks of a worker that walks a library, and what the worker answers: the payloads of the `subtitle.scan.*`
//! events. They belong to a policy and not to a job, so they change no status of a job and stand in no job's history. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The policy that a scan belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRef {
    /// The object's namespace; the worker walks only what it may read.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its `metadata.uid`.
    pub uid: String,
    /// Its `metadata.generation` when the scan was requested.
    pub generation: i64,
}

/// Which files of a library belong to a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanSelection {
    /// Globs of paths, relative to the library; empty for all.
    #[serde(default)]
    pub include: Vec<String>,
    /// Globs of paths that are left out, even if they are included.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Seconds for which size and time of a file must have stood still; one that has not is not listed.
    #[serde(default)]
    pub settle_seconds: u32,
}

/// `subtitle.scan.requested`: a scan task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanRequested {
    /// Names the scan in its answers.
    pub scan_id: Uuid,
    /// Whose scan it is.
    pub policy: PolicyRef,
    /// The library to walk, as `spec.video.library` names it.
    pub library: String,
    /// Which files are wanted.
    pub select: ScanSelection,
    /// Only these files and folders, as `spec.video.path` writes them; empty for the whole library.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// `subtitle.scan.page`: a part of what a scan found. A scan that is delivered again may send a page again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanPage {
    /// The scan.
    pub scan_id: Uuid,
    /// The `metadata.uid` of its policy.
    pub policy_uid: String,
    /// Its number, from 0.
    pub page: u32,
    /// The videos, in the order of the walk.
    pub videos: Vec<ScannedVideo>,
    /// What could not be read.
    #[serde(default)]
    pub unreadable: Vec<UnreadableFile>,
}

/// `subtitle.scan.finished`: the scan is over; published after its last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFinished {
    /// The scan.
    pub scan_id: Uuid,
    /// The `metadata.uid` of its policy.
    pub policy_uid: String,
    /// How many pages were published.
    pub pages: u32,
    /// How many videos they list.
    pub videos: u32,
    /// How many files and folders could not be read.
    pub unreadable: u32,
    /// Whether everything below the root, or below each of `paths`, was walked.
    pub is_complete: bool,
    /// The `paths` of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// When the files that changed lately, and are listed as unreadable for that, will have stood still for long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// Why the scan is not complete, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A video, the subtitles beside it and those inside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedVideo {
    /// Where it is, exactly as a job's `spec.video.path` names it.
    pub path: String,
    /// The file's size.
    pub size_bytes: u64,
    /// When the file was last written.
    pub modified: Timestamp,
    /// The OpenSubtitles hash, 16 hexadecimal digits; absent for files that are too short for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// How long it plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u32>,
    /// Subtitle files beside it.
    #[serde(default)]
    pub sidecars: Vec<ScannedSidecar>,
    /// Subtitle tracks inside it.
    #[serde(default)]
    pub tracks: Vec<ScannedTrack>,
}

/// A subtitle file beside a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedSidecar {
    /// The file's name without its folder.
    pub name: String,
    /// The language in its name, as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What its name says of it.
    #[serde(default)]
    pub flags: Vec<SubtitleFlag>,
    /// The SHA-256 of its bytes, hexadecimal.
    pub digest: String,
    /// Who made it.
    pub author: SidecarAuthor,
}

/// A subtitle track inside a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedTrack {
    /// Its language as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What it holds.
    pub kind: TrackKind,
    /// What the container says of it.
    #[serde(default)]
    pub flags: Vec<SubtitleFlag>,
    /// Its title; empty if it has none.
    #[serde(default)]
    pub name: String,
}

/// Who made a sidecar: one of ours is known by its digest in the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SidecarAuthor {
    /// A job wrote what a source had.
    Found,
    /// A job translated it.
    Translated,
    /// A job transcribed it from the sound.
    Transcribed,
    /// Anybody else, or somebody changed what a job wrote. An author that this version does not know is read as this one:
    /// such a file is never touched.
    #[serde(other)]
    Person,
}

/// What a subtitle track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrackKind {
    /// Text.
    Text,
    /// Pictures, or what this version does not know.
    #[serde(other)]
    Picture,
}

/// What a name or a container says of a subtitle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubtitleFlag {
    /// Covers only foreign-language dialogue.
    Forced,
    /// For the deaf and hard of hearing.
    HearingImpaired,
    /// Transcribes a commentary.
    Commentary,
    /// Selected by default.
    Default,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A file or folder that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableFile {
    /// Where it is, as `spec.video.path` would name it.
    pub path: String,
    /// Why, for a person.
    pub message: String,
}
