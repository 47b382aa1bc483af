//! Writes what a scan learns, segment by segment. Where a segment ends depends on the paths in it and not on how many there are, so
//! that one new video changes one segment and the others keep their names. Does I/O.

use subtitle_telemetry::chain;

use super::{
    Cache, MANIFEST,
    manifest::{Manifest, Segment},
    video::{CachedVideo, to_lines},
};
use crate::store::{StoreError, sha256};

/// About one path in 512 has a digest below this, and ends its segment.
const ENDS_BELOW: &str = "008";
/// A segment ends here at the latest.
const MAX_VIDEOS: usize = 2_048;

/// The videos of a scan so far.
#[derive(Debug)]
pub(in super::super) struct LearnedVideos {
    cache: Cache,
    before: Manifest,
    /// The manifest in the store.
    stored: Manifest,
    written: Vec<Segment>,
    open: Vec<CachedVideo>,
}

impl LearnedVideos {
    pub(super) fn new(cache: Cache, before: Manifest) -> Self {
        Self { cache, stored: before.clone(), before, written: Vec::new(), open: Vec::new() }
    }

    /// Adds the next video in the order of the scan. Returns whether a segment ended with it and was stored: a scan that is
    /// interrupted now continues behind it.
    pub(in super::super) async fn add(&mut self, video: CachedVideo) -> bool {
        let is_end = sha256(video.path.as_bytes()).as_str() < ENDS_BELOW;
        self.open.push(video);
        (is_end || self.open.len() >= MAX_VIDEOS) && self.store_segment(false).await
    }

    /// Stores the rest; nothing of the scans before is left. A scan that found nothing changes nothing: more likely than not,
    /// the library is not mounted.
    pub(in super::super) async fn finish(mut self) {
        if self.written.is_empty() && self.open.is_empty() {
            return;
        }
        if self.store_segment(true).await
            && let Err(error) = self.remove_others().await
        {
            tracing::warn!(error = %chain(&error), "failed to remove what earlier scans learned");
        }
    }

    async fn store_segment(&mut self, is_last: bool) -> bool {
        let stored = self.try_store_segment(is_last).await;
        stored
            .inspect_err(|error| tracing::warn!(error = %chain(error), "failed to store what the scan learned"))
            .is_ok()
    }

    async fn try_store_segment(&mut self, is_last: bool) -> Result<(), StoreError> {
        let lines = to_lines(&self.open);
        if let Some(video) = self.open.last() {
            let segment = Segment { last: video.path.clone(), sha256: sha256(&lines) };
            if !self.before.has(&segment.sha256) {
                self.cache.store.create(&self.cache.key(&segment.sha256), lines.into()).await?;
            }
            self.written.push(segment);
            self.open.clear();
        }
        let before = if is_last { Manifest::default() } else { self.before.clone() };
        let manifest = Manifest::continued(&self.written, &before);
        if manifest != self.stored {
            self.cache.store.replace(&self.cache.key(MANIFEST), manifest.to_json().into()).await?;
            self.stored = manifest;
        }
        Ok(())
    }

    async fn remove_others(&self) -> Result<(), StoreError> {
        let is_other = |name: &String| name != MANIFEST && !self.stored.has(name);
        for name in self.cache.store.names(&self.cache.folder).await?.into_iter().filter(is_other) {
            self.cache.store.remove(&self.cache.key(&name)).await?;
        }
        Ok(())
    }
}
