//! What a video's own bytes say: its tracks and its hash, from a file or by Range requests.

mod container;
mod error;
mod matroska;
pub mod movie_hash;
mod mp4;
pub mod ranges;
mod reading;
mod track;

pub(super) use container::{ContainerFacts, content, facts, summary, tracks};
pub(super) use error::VideoError;
pub(super) use reading::Reading;
pub(crate) use track::{Track, VideoSummary};
