//! What the names of tracks and of files beside a video say: language and its variant, forced, hearing-impaired,
//! commentary. Whole words count, in the languages that releases are named in. Pure.

mod folder;
mod kind;
mod sidecar;
mod track;
mod variant;
mod words;

pub(crate) use folder::{FolderVideos, video_key};
pub(in crate::find) use sidecar::Stems;
pub(crate) use sidecar::{SidecarName, in_folder, is_video};
pub(in crate::find) use track::TrackName;

#[cfg(test)]
mod tests;
