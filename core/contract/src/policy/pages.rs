//! Divides what a scan finds into pages that fit an event. A worker adds one video after the other and publishes each page that
//! comes out; `finish` returns the last page and the end of the scan. Pure.

use serde::Serialize;
use uuid::Uuid;

use super::scan::{ScanFinished, ScanPage, ScanRequested, ScannedVideo, UnreadableFile};
use crate::text::{MAX_MESSAGE_CHARS, sanitize};

/// The most videos in a page.
const MAX_VIDEOS: usize = 500;
/// The most bytes of a page's JSON: an event may have 256 KiB.
const MAX_BYTES: usize = 200 * 1024;
/// The most values in a page: an event may have 10,000, counted by commas and brackets.
const MAX_VALUES: usize = 8_000;

/// What a scan has published so far; a worker that continues a scan starts with the counts of its checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct ScanCounts {
    /// Pages.
    pub pages: u32,
    /// Videos in them.
    pub videos: u32,
    /// Unreadable files and folders in them.
    pub unreadable: u32,
}

/// The page that is being filled.
#[derive(Debug)]
pub struct PageBuilder {
    scan_id: Uuid,
    policy_uid: String,
    paths: Vec<String>,
    counts: ScanCounts,
    videos: Vec<ScannedVideo>,
    unreadable: Vec<UnreadableFile>,
    used: Used,
}

/// What JSON costs.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    bytes: usize,
    values: usize,
}

impl Used {
    fn of_json<T: Serialize>(value: &T) -> Self {
        let json = serde_json::to_vec(value).unwrap_or_default();
        let values = json.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        // One more of each for the comma that follows.
        Self { bytes: json.len() + 1, values: values + 1 }
    }

    const fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, values: self.values + other.values }
    }

    const fn fits(self) -> bool {
        self.bytes <= MAX_BYTES && self.values <= MAX_VALUES
    }
}

impl PageBuilder {
    /// Continues after `counts`; a new scan starts with the default.
    pub fn new(request: &ScanRequested, counts: ScanCounts) -> Self {
        Self {
            scan_id: request.scan_id,
            policy_uid: request.policy.uid.clone(),
            paths: request.paths.clone(),
            counts,
            videos: Vec::new(),
            unreadable: Vec::new(),
            used: Used::default(),
        }
    }

    /// What the pages that came out hold.
    pub const fn counts(&self) -> ScanCounts {
        self.counts
    }

    /// Adds a video; returns the page before it if that is full. A video that fits no page is listed as unreadable.
    pub fn add_video(&mut self, video: ScannedVideo) -> Option<ScanPage> {
        let needed = Used::of_json(&video);
        if !needed.fits() {
            let message = format!(
                "it has {} sidecars and {} subtitle tracks, more than an event can list",
                video.sidecars.len(),
                video.tracks.len()
            );
            return self.add_unreadable(&video.path, &message);
        }
        let full = self.make_room(needed);
        self.videos.push(video);
        full
    }

    /// Adds what could not be read; returns the page before it if that is full.
    pub fn add_unreadable(&mut self, path: &str, message: &str) -> Option<ScanPage> {
        let (path, message) = (sanitize(path, MAX_MESSAGE_CHARS), sanitize(message, MAX_MESSAGE_CHARS));
        let file = UnreadableFile { path, message };
        let full = self.make_room(Used::of_json(&file));
        self.unreadable.push(file);
        full
    }

    /// The last page, if there is anything left for it, and the end of the scan; `message` says why it is not complete.
    pub fn finish(mut self, incomplete: Option<String>) -> (Option<ScanPage>, ScanFinished) {
        let last = self.take_page();
        let ScanCounts { pages, videos, unreadable } = self.counts;
        let finished = ScanFinished {
            scan_id: self.scan_id,
            policy_uid: self.policy_uid,
            pages,
            videos,
            unreadable,
            is_complete: incomplete.is_none(),
            paths: self.paths,
            settled_at: None,
            message: incomplete.map(|message| sanitize(&message, MAX_MESSAGE_CHARS)),
        };
        (last, finished)
    }

    fn make_room(&mut self, needed: Used) -> Option<ScanPage> {
        let is_full = self.videos.len() + self.unreadable.len() >= MAX_VIDEOS || !self.used.plus(needed).fits();
        let full = if is_full { self.take_page() } else { None };
        self.used = self.used.plus(needed);
        full
    }

    fn take_page(&mut self) -> Option<ScanPage> {
        if self.videos.is_empty() && self.unreadable.is_empty() {
            return None;
        }
        let (videos, unreadable) = (std::mem::take(&mut self.videos), std::mem::take(&mut self.unreadable));
        let page = self.counts.pages;
        self.used = Used::default();
        self.counts.pages += 1;
        self.counts.videos += u32::try_from(videos.len()).unwrap_or(u32::MAX);
        self.counts.unreadable += u32::try_from(unreadable.len()).unwrap_or(u32::MAX);
        Some(ScanPage { scan_id: self.scan_id, policy_uid: self.policy_uid.clone(), page, videos, unreadable })
    }
}
