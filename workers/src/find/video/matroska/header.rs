//! What a Matroska file says in front of its clusters, or where its seek head leads: tracks, the clock's ticks, where the
//! index is, statistics. What is missing because the file is truncated or still growing is left out. Does I/O.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek, SeekFrom},
};

use super::{
    ebml::{Element, child, children, content, element_at, float, text, unsigned},
    entry::Entry,
    ids,
};

/// The largest of these elements that is read into memory, in bytes: tags hold lyrics and pictures at most.
const LARGEST: u64 = 16 << 20;

/// The head of a file.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Where the segment's content begins; positions in the file count from there.
    pub(super) segment: u64,
    /// Whether the file ends before its segment does.
    pub(super) is_truncated: bool,
    /// Nanoseconds in one tick of the file's clock.
    pub(super) tick: u64,
    /// How long it plays, in ticks.
    duration: Option<f64>,
    pub(super) entries: Vec<Entry>,
    /// Where the index is.
    pub(super) cues: Option<u64>,
    /// Where the first cluster is.
    pub(super) first_cluster: Option<u64>,
    /// `NUMBER_OF_FRAMES` by track uid, which mkvmerge writes.
    pub(super) frames: BTreeMap<u64, u64>,
}

impl Header {
    /// `None` for a file without a segment.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let length = file.seek(SeekFrom::End(0))?;
        let ebml = element_at(file, 0)?;
        let Some(at) = ebml.end() else { return Ok(None) };
        let segment = element_at(file, at)?;
        if segment.id != ids::SEGMENT {
            return Ok(None);
        }
        let is_truncated = segment.end().is_some_and(|end| end > length);
        let mut header = Self { segment: segment.data_start, is_truncated, tick: 1_000_000, ..Self::default() };
        let mut elsewhere: Vec<(u32, u64)> = Vec::new();
        let mut at = segment.data_start;
        while let Ok(element) = element_at(file, at) {
            if element.id == ids::CLUSTER {
                header.first_cluster = Some(at);
                break;
            }
            if element.id == ids::SEEK_HEAD {
                elsewhere.extend(seeks(&content(file, element.size, LARGEST)?));
            }
            header.take(file, at, element);
            match element.end() {
                Some(end) => at = end,
                None => break,
            }
        }
        for (id, position) in elsewhere {
            let at = header.segment.saturating_add(position);
            if header.lacks(id)
                && at < length
                && let Ok(element) = element_at(file, at)
                && element.id == id
            {
                header.take(file, at, element);
            }
        }
        Ok(Some(header))
    }

    /// How long it plays, in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a tick is far below 2^52 nanoseconds")]
        let tick = self.tick as f64 / 1e9;
        self.duration.map(|duration| duration * tick)
    }

    fn lacks(&self, id: u32) -> bool {
        match id {
            ids::TRACKS => self.entries.is_empty(),
            ids::CUES => self.cues.is_none(),
            ids::TAGS => self.frames.is_empty(),
            ids::INFO => true,
            _ => false,
        }
    }

    /// Takes what an element says; one that cannot be read says nothing.
    fn take(&mut self, file: &mut impl Read, at: u64, element: Element) {
        if element.id == ids::CUES {
            self.cues = Some(at);
        }
        if ![ids::INFO, ids::TRACKS, ids::TAGS].contains(&element.id) {
            return;
        }
        let Ok(bytes) = content(file, element.size, LARGEST) else { return };
        let fields = children(&bytes);
        match element.id {
            ids::INFO => {
                let tick = child(&fields, ids::TIMESTAMP_SCALE).map(unsigned);
                self.tick = tick.filter(|tick| *tick > 0).unwrap_or(self.tick);
                self.duration = child(&fields, ids::DURATION).and_then(float);
            }
            ids::TRACKS => {
                let entries = fields.iter().filter(|(id, _)| *id == ids::TRACK_ENTRY);
                self.entries = entries.map(|(_, bytes)| Entry::new(bytes)).collect();
            }
            _ => self.frames.extend(frames(&fields)),
        }
    }
}

/// The ids of elements and their positions in the segment.
fn seeks(bytes: &[u8]) -> Vec<(u32, u64)> {
    // Not the checksum that ffmpeg writes in front of them.
    let seeks = children(bytes).into_iter().filter(|(id, _)| *id == ids::SEEK);
    seeks
        .filter_map(|(_, bytes)| {
            let fields = children(bytes);
            let id = u32::try_from(unsigned(child(&fields, ids::SEEK_ID)?)).ok()?;
            Some((id, unsigned(child(&fields, ids::SEEK_POSITION)?)))
        })
        .collect()
}

fn frames(tags: &[(u32, &[u8])]) -> BTreeMap<u64, u64> {
    let mut frames = BTreeMap::new();
    for (_, tag) in tags.iter().filter(|(id, _)| *id == ids::TAG) {
        let fields = children(tag);
        let targets = children(child(&fields, ids::TARGETS).unwrap_or_default());
        let Some(uid) = child(&targets, ids::TAG_TRACK_UID).map(unsigned) else { continue };
        for (_, simple) in fields.iter().filter(|(id, _)| *id == ids::SIMPLE_TAG) {
            let fields = children(simple);
            if child(&fields, ids::TAG_NAME).is_some_and(|name| text(name) == "NUMBER_OF_FRAMES")
                && let Some(count) = child(&fields, ids::TAG_STRING).and_then(|count| text(count).parse().ok())
            {
                frames.insert(uid, count);
            }
        }
    }
    frames
}
