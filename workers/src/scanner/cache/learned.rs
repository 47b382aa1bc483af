//! Writes what a scan learns, segment by segment. Where a segment ends depends on the paths in it and not on how many there are, so
//! that one new video changes one segment and the others keep their names. Does I/O.

use subtitle_telemetry::chain;

use super::{
    manifest::{Manifest, Segment},
    objects::{MANIFEST, Objects},
    video::{CachedVideo, to_lines},
};
use crate::store::{StoreError, sha256};

/// About one path in 512 has a digest below this, and ends its segment.
const ENDS_BELOW: &str = "008";
/// A segment ends here at the latest.
const MAX_VIDEOS: usize = 1_024;

/// The videos of a scan so far.
#[derive(Debug)]
pub(super) struct LearnedVideos {
    objects: Objects,
    /// Of the scans before, without what could not be read.
    before: Manifest,
    /// The manifest in the store.
    stored: Manifest,
    written: Vec<Segment>,
    open: Vec<CachedVideo>,
}

impl LearnedVideos {
    pub(super) fn new(objects: Objects, before: Manifest) -> Self {
        Self { objects, stored: before.clone(), before, written: Vec::new(), open: Vec::new() }
    }

    /// Relies no longer on these segments of the scans before.
    pub(super) fn forget(&mut self, damaged: &[String]) {
        self.before.segments.retain(|segment| !damaged.contains(&segment.sha256));
    }

    /// See [`super::Cache::add`].
    pub(super) async fn add(&mut self, video: CachedVideo) -> bool {
        let is_end = sha256(video.path.as_bytes()).as_str() < ENDS_BELOW;
        self.open.push(video);
        (is_end || self.open.len() >= MAX_VIDEOS) && self.store_segment(false).await == Some(true)
    }

    /// Stores the rest; nothing of the scans before is left. A scan that found nothing changes nothing: more likely than not,
    /// the library is not mounted.
    pub(super) async fn finish(mut self) {
        if self.written.is_empty() && self.open.is_empty() {
            return;
        }
        if self.store_segment(true).await.is_none() {
            return;
        }
        let is_listed = |name: &str| name == MANIFEST || self.stored.has(name);
        if let Err(error) = self.objects.remove_others(is_listed).await {
            tracing::warn!(error = %chain(&error), "failed to remove what earlier scans learned");
        }
    }

    /// Whether the segment is a new one; `None` if it could not be stored.
    async fn store_segment(&mut self, is_last: bool) -> Option<bool> {
        let stored = self.try_store_segment(is_last).await;
        stored.inspect_err(|error| tracing::warn!(error = %chain(error), "failed to store what the scan learned")).ok()
    }

    async fn try_store_segment(&mut self, is_last: bool) -> Result<bool, StoreError> {
        let mut is_new = false;
        if let Some(video) = self.open.last() {
            let lines = to_lines(&self.open);
            let segment = Segment { last: video.path.clone(), sha256: sha256(&lines) };
            is_new = !self.before.has(&segment.sha256);
            if is_new {
                self.objects.write(&segment.sha256, lines).await?;
            }
            self.written.push(segment);
            self.open.clear();
        }
        let before = if is_last { &Manifest::default() } else { &self.before };
        let manifest = Manifest::continued(&self.written, before);
        if manifest != self.stored {
            self.objects.write(MANIFEST, manifest.to_json()).await?;
            self.stored = manifest;
        }
        Ok(is_new)
    }
}
