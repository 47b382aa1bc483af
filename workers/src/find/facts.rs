//! What a video's own bytes say about it: hash and frames per second, read from its file, or from its beginning and its end
//! behind a URL. What cannot be read is left out, and providers are asked without it. Does I/O.

use std::{
    io::{Read, Seek},
    sync::Arc,
};

use subtitle_contract::job::Video;

use super::{
    found::{FoundSubtitle, VideoMatch},
    guard::GuardedClient,
    source::SourceId,
    sources::mounted::Libraries,
    video::{
        movie_hash,
        ranges::{Reader, Remote},
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
}

/// Reads a video's file; `None` if it cannot be reached.
pub(in crate::find) async fn inspect(
    libraries: &Libraries,
    guarded: &GuardedClient,
    video: &Video,
) -> Option<VideoFacts> {
    let facts = if let Some(url) = &video.url {
        let remote = Arc::new(Remote::open(guarded, &url.parse().ok()?).await.ok()?);
        let size = remote.size();
        tokio::task::spawn_blocking(move || read(|| Some(Reader::new(remote.clone())), size))
    } else {
        let path = libraries.video_file(SourceId::Library, video).await.ok()??.path;
        let size = tokio::fs::metadata(&path).await.ok()?.len();
        tokio::task::spawn_blocking(move || read(|| std::fs::File::open(&path).ok(), size))
    };
    facts.await.ok()
}

fn read<R: Read + Seek>(open: impl Fn() -> Option<R>, size: u64) -> VideoFacts {
    let hash = open().and_then(|mut file| movie_hash::movie_hash(&mut file, size).ok()?);
    VideoFacts { hash, frame_rate: open().and_then(super::video::frame_rate) }
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
