//! What scans have learned of the files of a library, in the object store below the namespace: a manifest and the segments that
//! it lists, each a run of videos in the order of a scan. A scan reads and writes them along with its walk, so that its memory
//! does not grow with the library, and a scan that was interrupted has kept all but its last segment. What is missing or damaged
//! is learned again. Does I/O.

mod known;
mod learned;
mod manifest;
mod objects;
mod video;

use subtitle_telemetry::chain;

use crate::store::Store;
use known::KnownVideos;
use learned::LearnedVideos;
use manifest::Manifest;
use objects::{MANIFEST, Objects};

pub(super) use video::{CachedSidecar, CachedVideo};

/// The cache of one library in one namespace, during a scan.
#[derive(Debug)]
pub(super) struct Cache {
    known: KnownVideos,
    learned: LearnedVideos,
}

impl Cache {
    pub(super) async fn open(store: &Store, namespace: &str, library: &str) -> Self {
        let objects = Objects::new(store, namespace, library);
        let manifest = match objects.read(MANIFEST).await {
            Ok(json) => json.and_then(|json| Manifest::parse(&json)).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "failed to read what earlier scans learned; reading every video");
                Manifest::default()
            }
        };
        let known = KnownVideos::new(objects.clone(), &manifest);
        Self { known, learned: LearnedVideos::new(objects, manifest) }
    }

    /// Some of the known videos in front of `path`, or some of all, in the order of a scan; empty when there are no more.
    pub(super) async fn before(&mut self, path: Option<&str>) -> Vec<CachedVideo> {
        let videos = self.known.before(path).await;
        self.learned.forget(&self.known.take_damaged());
        videos
    }

    /// What is known of the video `path`, once those in front of it have been taken.
    pub(super) fn take(&mut self, path: &str) -> Option<CachedVideo> {
        self.known.take(path)
    }

    /// Adds the next video in the order of the scan. Returns whether something new was stored with it: a scan that is interrupted
    /// now continues behind it.
    pub(super) async fn add(&mut self, video: CachedVideo) -> bool {
        self.learned.add(video).await
    }

    /// Stores the rest of a scan that has reached the end.
    pub(super) async fn finish(self) {
        self.learned.finish().await;
    }
}
