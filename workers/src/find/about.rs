//! What a video's own bytes tell about it: hash and frames per second come out of its file, or of its beginning and its
//! end behind a URL. Does I/O; what cannot be had is left out, and providers are asked without it.

use std::{
    io::{Read, Seek},
    sync::Arc,
};

use subtitle_contract::job::Video;

use super::{
    Claims, Finder, Found, library, matroska, movie_hash,
    ranges::{Reader, Remote},
};

/// Speeds that differ by less are the same: 23.976 and 24000/1001.
const SAME_SPEED: f64 = 0.001;

/// What is known of a video's file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Its OpenSubtitles hash.
    pub hash: Option<String>,
    /// Its frames per second.
    pub frame_rate: Option<f64>,
}

impl Finder {
    pub(super) async fn look_into(&self, video: &Video) -> Option<About> {
        let looked = if let Some(url) = &video.url {
            let remote = Arc::new(Remote::open(&self.guarded, &url.parse().ok()?).await.ok()?);
            let size = remote.size();
            tokio::task::spawn_blocking(move || read(|| Some(Reader::new(remote.clone())), size))
        } else {
            let path = self.sources.video_file(library::NAME, video).await.ok()??.path;
            let size = tokio::fs::metadata(&path).await.ok()?.len();
            tokio::task::spawn_blocking(move || read(|| std::fs::File::open(&path).ok(), size))
        };
        looked.await.ok()
    }
}

fn read<R: Read + Seek>(open: impl Fn() -> Option<R>, size: u64) -> About {
    let hash = open().and_then(|mut file| movie_hash::of(&mut file, size).ok()?);
    About { hash, frame_rate: open().and_then(matroska::frame_rate) }
}

impl About {
    /// Marks candidates that were made for a copy of another speed, which drift by minutes: 25 instead of 23.976. One
    /// that was made for a file with this very hash was not, whatever is said of it.
    pub(super) fn mark(&self, found: &mut [Found]) {
        for one in found {
            if let (Claims::Listed(listed), Some(own)) = (&mut one.claims, self.frame_rate) {
                let differs = |other: f64| (other - own).abs() > own * SAME_SPEED;
                listed.is_off_speed = !listed.is_hash_match && listed.frame_rate.is_some_and(differs);
            }
        }
    }
}
