//! What a video's own bytes say about it: hash and frames per second, read from its file, or from its beginning and its end
//! behind a URL. What cannot be read is left out, and providers are asked without it. Does I/O.

use std::{io, sync::Arc};

use subtitle_contract::job::Video;

use super::{
    budget::TaskBudget,
    found::{FoundSubtitle, VideoLocation, VideoMatch},
    guard::GuardedClient,
    parser::Parser,
    source::SourceId,
    sources::mounted::Libraries,
    video::{
        movie_hash::movie_hash,
        ranges::{BlockingParts, Reader, Remote},
    },
};

/// Speeds that differ by less are the same: 23.976 and 24000/1001.
const SAME_SPEED: f64 = 0.001;

/// What is known of a video's file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoFacts {
    /// Its OpenSubtitles hash.
    pub hash: Option<String>,
    /// Its frames per second.
    pub frame_rate: Option<f64>,
    /// Whether its tracks can be read; `None` if the file cannot.
    pub has_readable_container: Option<bool>,
}

/// Reads a video's file; `None` if it cannot be reached.
pub(in crate::find) async fn inspect(
    libraries: &Libraries,
    guarded: &GuardedClient,
    parser: &Parser,
    (video, budget): (&Video, &TaskBudget),
) -> Option<VideoFacts> {
    let location = match &video.url {
        Some(url) => VideoLocation::Remote(Arc::new(Remote::open(guarded, &url.parse().ok()?, budget).await.ok()?)),
        None => VideoLocation::Local(libraries.video_file(SourceId::Library, video).await.ok()??.file),
    };
    let of = location.clone();
    let hash = tokio::task::spawn_blocking(move || hash(&of).ok()?).await.ok()?;
    let container = parser.facts(location).await;
    let frame_rate = container.and_then(|container| container.frame_rate);
    Some(VideoFacts { hash, frame_rate, has_readable_container: container.map(|container| container.is_read) })
}

fn hash(video: &VideoLocation) -> io::Result<Option<String>> {
    match video {
        VideoLocation::Local(file) => {
            let mut file = file.open()?;
            let size = file.metadata()?.len();
            movie_hash(&mut file, size)
        }
        VideoLocation::Remote(remote) => {
            movie_hash(&mut Reader::new(BlockingParts::new(remote.clone())), remote.size())
        }
    }
}

impl VideoFacts {
    /// Marks candidates that were made for a copy of another speed, which drift by minutes: 25 instead of 23.976. One
    /// with a matching hash was not, whatever the provider says.
    pub(in crate::find) fn mark_off_speed(&self, found: &mut [FoundSubtitle]) {
        for one in found {
            if let (VideoMatch::Listed(listed), Some(own)) = (&mut one.video_match, self.frame_rate) {
                let differs = |other: f64| (other - own).abs() > own * SAME_SPEED;
                listed.is_off_speed = !listed.is_hash_match && listed.frame_rate.is_some_and(differs);
            }
        }
    }
}
