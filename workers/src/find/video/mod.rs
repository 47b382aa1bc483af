//! What a video's own bytes say: its tracks and its hash, from a file or by Range requests.

pub(super) mod matroska;
pub mod movie_hash;
pub mod ranges;
