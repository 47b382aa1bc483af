//! One block of a track (RFC 9559 §10): parses its bytes into its time and decompressed data. Pure.

use std::io::{self, Read as _};

use flate2::read::ZlibDecoder;

use super::{
    super::{error::VideoError, track::Block},
    ebml::{child, children, damaged, number, unsigned},
    entry::{Encoding, Entry},
    ids,
};

/// Maximum size of a block in bytes, also after decompression; a subtitle block has a few hundred.
pub(super) const MAX_BLOCK_BYTES: u64 = 1 << 20;

/// A parsed block.
#[derive(Debug)]
pub(super) struct ParsedBlock {
    pub(super) track: u64,
    /// Relative to its cluster, in ticks.
    pub(super) time: i16,
    /// In ticks.
    pub(super) duration: Option<u64>,
    data: Vec<u8>,
    addition: Vec<u8>,
}

impl ParsedBlock {
    /// Reads a simple block or a group; `None` for any other element.
    pub(super) fn read(id: u32, bytes: &[u8]) -> io::Result<Option<Self>> {
        let (mut bytes, duration, addition) = match id {
            ids::SIMPLE_BLOCK => (bytes, None, Vec::new()),
            ids::BLOCK_GROUP => {
                let fields = children(bytes);
                let block = child(&fields, ids::BLOCK).ok_or_else(|| damaged("a group has no block"))?;
                let more = children(child(&fields, ids::BLOCK_ADDITIONS).unwrap_or_default());
                let more = children(child(&more, ids::BLOCK_MORE).unwrap_or_default());
                let addition = child(&more, ids::BLOCK_ADDITIONAL).unwrap_or_default().to_vec();
                (block, child(&fields, ids::BLOCK_DURATION).map(unsigned), addition)
            }
            _ => return Ok(None),
        };
        let track = number(&mut bytes, false)?;
        let [high, low, flags, data @ ..] = bytes else { return Err(damaged("a block has no header")) };
        if flags & 0x06 != 0 {
            return Err(damaged("several subtitles are in one block"));
        }
        let time = i16::from_be_bytes([*high, *low]);
        Ok(Some(Self { track, time, duration, data: data.to_vec(), addition }))
    }

    /// The block at `time`, in ticks of `tick` nanoseconds, with its content encodings undone.
    pub(super) fn decode(self, time: u64, tick: u64, entry: &Entry) -> Result<Block, VideoError> {
        let milliseconds =
            |ticks: u64| u64::try_from(u128::from(ticks) * u128::from(tick) / 1_000_000).unwrap_or(u64::MAX);
        let mut data = self.data;
        for encoding in &entry.encodings {
            data = match encoding {
                Encoding::Stripped(front) => [front.as_slice(), &data].concat(),
                Encoding::Zlib => {
                    let mut plain = Vec::new();
                    let mut limited = ZlibDecoder::new(data.as_slice()).take(MAX_BLOCK_BYTES + 1);
                    let read = limited.read_to_end(&mut plain);
                    read.map_err(|_| VideoError::Damaged("a block cannot be decompressed"))?;
                    if plain.len() as u64 > MAX_BLOCK_BYTES {
                        return Err(VideoError::Damaged("a block decompresses to more than any text has"));
                    }
                    plain
                }
                Encoding::Encrypted => return Err(VideoError::Encrypted),
                Encoding::Unknown(algorithm) => return Err(VideoError::Compression(*algorithm)),
            };
        }
        Ok(Block {
            start: milliseconds(time),
            duration: self.duration.map(milliseconds),
            data,
            addition: self.addition,
        })
    }
}
