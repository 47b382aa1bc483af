//! A track's blocks: reading them all from a file, and undoing their compression. Does I/O.

use std::io::{Read, Seek};

use flate2::read::ZlibDecoder;
use matroska_demuxer::{ContentCompAlgo, ContentEncodingValue, Frame, MatroskaFile, Tag, Targets, TrackEntry};

/// The most a single compressed block may grow to, in bytes; a subtitle block is a few hundred.
const LARGEST_BLOCK: u64 = 1 << 20;

/// One subtitle as the container has it.
#[derive(Debug)]
pub(super) struct Block {
    /// In milliseconds.
    pub(super) start: u64,
    /// In milliseconds, where it is said.
    pub(super) duration: Option<u64>,
    pub(super) data: Vec<u8>,
}

/// Nanoseconds in one tick of the file's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks(pub(super) u64);

impl Ticks {
    pub(super) fn milliseconds(self, ticks: u64) -> u64 {
        u64::try_from(u128::from(ticks) * u128::from(self.0) / 1_000_000).unwrap_or(u64::MAX)
    }
}

/// Every block of a track, in the file's order.
pub(super) fn whole(
    file: &mut MatroskaFile<impl Read + Seek>,
    number: u64,
    ticks: Ticks,
) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut frame = Frame::default();
    while file.next_frame(&mut frame).map_err(|error| error.to_string())? {
        if frame.track == number {
            blocks.push(Block {
                start: ticks.milliseconds(frame.timestamp),
                duration: frame.duration.map(|duration| ticks.milliseconds(duration)),
                data: std::mem::take(&mut frame.data),
            });
        }
    }
    Ok(blocks)
}

/// How many blocks the file's own statistics (`NUMBER_OF_FRAMES`, written by mkvmerge) say that a track has.
pub(super) fn said_count(tags: &[Tag], uid: u64) -> Option<usize> {
    let of_track = tags.iter().filter(|tag| tag.targets().and_then(Targets::tag_track_uid) == Some(uid));
    let mut names = of_track.flat_map(Tag::simple_tags);
    names.find(|tag| tag.name() == "NUMBER_OF_FRAMES")?.string()?.trim().parse().ok()
}

/// Undoes the track's content encodings: zlib and header stripping.
pub(super) fn unpacked(track: &TrackEntry, mut block: Block) -> Result<Block, String> {
    let mut encodings: Vec<_> = track.content_encodings().unwrap_or_default().iter().collect();
    encodings.sort_by_key(|encoding| std::cmp::Reverse(encoding.order()));
    for encoding in encodings {
        let ContentEncodingValue::Compression(compression) = encoding.encoding() else {
            return Err("the track is encrypted".to_owned());
        };
        block.data = match compression.algo() {
            ContentCompAlgo::Stripping => [compression.settings().unwrap_or_default(), &block.data].concat(),
            ContentCompAlgo::Zlib => {
                let mut plain = Vec::new();
                let mut limited = ZlibDecoder::new(block.data.as_slice()).take(LARGEST_BLOCK);
                limited.read_to_end(&mut plain).map_err(|error| format!("a compressed block is damaged: {error}"))?;
                plain
            }
            other => return Err(format!("the track is compressed with {other:?}, which is not supported")),
        };
    }
    Ok(block)
}
