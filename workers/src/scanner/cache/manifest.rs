//! The list of a cache's segments: each is named by its digest and ends with one path, and begins behind the one in front of it.
//! While a scan writes segments, those of the scan before still stand behind them. Pure.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::super::order::compare;

/// Changes when older segments can no longer be read.
const FORMAT: u32 = 1;

/// The segments of a cache, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    pub(super) segments: Vec<Segment>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { format: FORMAT, segments: Vec::new() }
    }
}

/// A run of videos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// The path of its last video.
    pub(super) last: String,
    /// Of its content; also its name in the store.
    pub(super) sha256: String,
}

impl Manifest {
    /// `None` if it is damaged or of another format.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|manifest: &Self| manifest.format == FORMAT)
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// These segments, and behind them those of `before` that go further.
    pub(super) fn continued(written: &[Segment], before: &Self) -> Self {
        let end = written.last().map(|segment| segment.last.as_str());
        let goes_further = |segment: &&Segment| end.is_none_or(|end| compare(&segment.last, end) == Ordering::Greater);
        let rest = before.segments.iter().filter(goes_further);
        Self { segments: written.iter().chain(rest).cloned().collect(), ..Self::default() }
    }

    pub(super) fn has(&self, sha256: &str) -> bool {
        self.segments.iter().any(|segment| segment.sha256 == sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_in_progress_keeps_what_is_known_of_the_rest() {
        let segments = |lasts: &[&str]| -> Vec<Segment> {
            lasts.iter().map(|last| Segment { last: (*last).to_owned(), sha256: format!("of {last}") }).collect()
        };
        let before = Manifest { segments: segments(&["b.mkv", "d.mkv", "f/a.mkv"]), ..Manifest::default() };
        let lasts = |written: &[&str]| {
            let manifest = Manifest::continued(&segments(written), &before);
            manifest.segments.into_iter().map(|segment| segment.last).collect::<Vec<_>>()
        };
        assert_eq!(lasts(&[]), ["b.mkv", "d.mkv", "f/a.mkv"]);
        assert_eq!(lasts(&["c.mkv"]), ["c.mkv", "d.mkv", "f/a.mkv"]);
        assert_eq!(lasts(&["b.mkv", "d.mkv"]), ["b.mkv", "d.mkv", "f/a.mkv"]);
        assert_eq!(lasts(&["g/a.mkv"]), ["g/a.mkv"]);
        assert_eq!(Manifest::parse(&before.to_json()), Some(before));
        assert_eq!(Manifest::parse(br#"{"format": 0, "segments": []}"#), None);
    }
}
