//! Reads what earlier scans learned, in the order of a scan and one segment at a time. Does I/O.

use std::{cmp::Ordering, collections::VecDeque, vec};

use subtitle_telemetry::chain;

use super::{
    super::order::compare,
    manifest::{Manifest, Segment},
    objects::Objects,
    video::{CachedVideo, from_lines},
};
use crate::store::sha256;

/// The videos that earlier scans have opened and this one has not reached.
#[derive(Debug)]
pub(super) struct KnownVideos {
    objects: Objects,
    segments: vec::IntoIter<Segment>,
    /// What is left of the segment in memory.
    videos: VecDeque<CachedVideo>,
    /// The end of the segments that were read.
    end: Option<String>,
    /// Digests of segments that could not be read.
    damaged: Vec<String>,
}

impl KnownVideos {
    pub(super) fn new(objects: Objects, manifest: &Manifest) -> Self {
        let segments = manifest.segments.clone().into_iter();
        Self { objects, segments, videos: VecDeque::new(), end: None, damaged: Vec::new() }
    }

    /// The digests of the segments that could not be read since this was last asked.
    pub(super) fn take_damaged(&mut self) -> Vec<String> {
        std::mem::take(&mut self.damaged)
    }

    /// See [`super::Cache::before`].
    pub(super) async fn before(&mut self, path: Option<&str>) -> Vec<CachedVideo> {
        while self.videos.is_empty() && self.read_segment().await {}
        let is_before = |video: &CachedVideo| path.is_none_or(|path| compare(&video.path, path) == Ordering::Less);
        let count = self.videos.partition_point(is_before);
        self.videos.drain(..count).collect()
    }

    /// See [`super::Cache::take`].
    pub(super) fn take(&mut self, path: &str) -> Option<CachedVideo> {
        self.videos.pop_front_if(|video| video.path == path)
    }

    /// Reads the next segment, which may have nothing; `false` at the end.
    async fn read_segment(&mut self) -> bool {
        let Some(Segment { last, sha256: digest }) = self.segments.next() else { return false };
        match self.objects.read(&digest).await {
            Ok(Some(lines)) if sha256(&lines) == digest => {
                let begins_behind = |video: &CachedVideo| {
                    let is_behind = |end: &String| compare(&video.path, end) == Ordering::Greater;
                    self.end.as_ref().is_none_or(is_behind)
                };
                self.videos = from_lines(&lines).filter(begins_behind).collect();
            }
            Ok(_) => {
                tracing::warn!(segment = digest, "a part of what earlier scans learned is missing or damaged");
                self.damaged.push(digest);
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "failed to read what earlier scans learned");
                self.damaged.push(digest);
            }
        }
        self.end = Some(last);
        true
    }
}
