//! What the names of tracks and of files beside a video say: language and its variant, forced, hearing-impaired,
//! commentary. Whole words count, in the languages that releases are named in. Pure.

mod kind;
mod sidecar;
mod track;
mod variant;
mod words;

pub(in crate::find) use sidecar::{SidecarName, Stems, in_folder, is_video};
pub(in crate::find) use track::TrackName;

#[cfg(test)]
mod tests;
