//! A track's blocks by the file's index (RFC 9559 §5.1.5, Cues): a seekable file comes in, only the parts that hold
//! the track are read. The demuxer's own seeking serves players, which want the nearest picture and not every line
//! of one track. Does I/O.

use std::{
    collections::BTreeSet,
    io::{self, Read, Seek, SeekFrom},
};

use super::blocks::{Block, Ticks};

const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114D_9B74;
const SEEK: u32 = 0x4DBB;
const CUES: u32 = 0x1C53_BB6B;
const CLUSTER: u32 = 0x1F43_B675;
const BLOCK_GROUP: u32 = 0xA0;
const SIMPLE_BLOCK: u32 = 0xA3;
/// The size of an element whose end is wherever the next of its level begins.
const UNKNOWN: u64 = (1 << 56) - 1;
/// The largest index, and the largest block, that is read into memory, in bytes.
const LARGEST_INDEX: u64 = 16 << 20;
const LARGEST_BLOCK: u64 = 1 << 20;

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the video is damaged: {what}"))
}

/// A number of one to eight bytes whose length is in its first bits (RFC 8794 §4); ids keep that mark.
fn number(read: &mut impl Read, keeps_mark: bool) -> io::Result<u64> {
    let mut first = [0];
    read.read_exact(&mut first)?;
    let length = first[0].leading_zeros() as usize;
    let mut bytes = [0; 8];
    let rest = bytes.get_mut(..length).filter(|_| length < 8).ok_or_else(|| damaged("a number has no length"))?;
    read.read_exact(rest)?;
    let mark = if keeps_mark { 0 } else { 0x80_u8 >> length };
    let number = rest.iter().fold(u64::from(first[0] ^ mark), |number, byte| number << 8 | u64::from(*byte));
    let is_unknown = !keeps_mark && number == (1 << (7 * (length + 1))) - 1;
    Ok(if is_unknown { UNKNOWN } else { number })
}

/// An element's id and size.
fn element(read: &mut impl Read) -> io::Result<(u32, u64)> {
    let id = u32::try_from(number(read, true)?).map_err(|_| damaged("an element has no id"))?;
    Ok((id, number(read, false)?))
}

fn element_at(file: &mut (impl Read + Seek), at: u64) -> io::Result<(u32, u64, u64)> {
    file.seek(SeekFrom::Start(at))?;
    let (id, size) = element(file)?;
    Ok((id, size, file.stream_position()?))
}

fn content(file: &mut impl Read, size: u64, most: u64) -> io::Result<Vec<u8>> {
    if size > most {
        return Err(damaged("an element is larger than it can be"));
    }
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The elements in `bytes`.
fn children(mut bytes: &[u8]) -> io::Result<Vec<(u32, &[u8])>> {
    let mut children = Vec::new();
    while !bytes.is_empty() {
        let (id, size) = element(&mut bytes)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= bytes.len());
        let (child, rest) = bytes.split_at(size.ok_or_else(|| damaged("an element is longer than its parent"))?);
        children.push((id, child));
        bytes = rest;
    }
    Ok(children)
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Where one block of the track is.
#[derive(Debug)]
struct Point {
    time: u64,
    duration: Option<u64>,
    cluster: u64,
    relative: Option<u64>,
}

/// The track's blocks in order of time; none if the index does not list the track.
pub(super) fn blocks(file: &mut (impl Read + Seek), track: u64, ticks: Ticks) -> io::Result<Option<Vec<Block>>> {
    let (_, size, header) = element_at(file, 0)?;
    let (id, _, segment) = element_at(file, header.saturating_add(size))?;
    if id != SEGMENT {
        return Err(damaged("it has no segment"));
    }
    let Some(at) = cues_at(file, segment)? else { return Ok(None) };
    let (id, size, _) = element_at(file, at)?;
    if id != CUES {
        return Err(damaged("its index is not where it says"));
    }
    let points = points(&content(file, size, LARGEST_INDEX)?, track)?;
    if points.is_empty() {
        return Ok(None);
    }
    let (mut blocks, mut walked) = (Vec::new(), BTreeSet::new());
    for point in points {
        let (id, size, inside) = element_at(file, segment.saturating_add(point.cluster))?;
        if id != CLUSTER {
            return Err(damaged("its index leads to no cluster"));
        }
        match point.relative {
            Some(relative) => {
                let (id, size, _) = element_at(file, inside.saturating_add(relative))?;
                let read = block(id, &content(file, size, LARGEST_BLOCK)?)?;
                let read = read.filter(|read| read.track == track);
                let read = read.ok_or_else(|| damaged("its index leads to no block of the track"))?;
                blocks.push((point.time, read.duration.or(point.duration), read.data));
            }
            None if walked.insert(point.cluster) => walk(file, inside, size, track, &mut blocks)?,
            None => {}
        }
    }
    blocks.sort_by_key(|(time, ..)| *time);
    let block = |(time, duration, data): (u64, Option<u64>, Vec<u8>)| Block {
        start: ticks.milliseconds(time),
        duration: duration.map(|duration| ticks.milliseconds(duration)),
        data,
    };
    Ok(Some(blocks.into_iter().map(block).collect()))
}

/// The index stands in front of the clusters, or the seek head says where.
fn cues_at(file: &mut (impl Read + Seek), segment: u64) -> io::Result<Option<u64>> {
    let mut at = segment;
    loop {
        let (id, size, inside) = match element_at(file, at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        };
        match id {
            CUES => return Ok(Some(at)),
            CLUSTER => return Ok(None),
            SEEK_HEAD => {
                let bytes = content(file, size, LARGEST_BLOCK)?;
                // Not the checksum that ffmpeg writes in front of them.
                for (_, seek) in children(&bytes)?.into_iter().filter(|(id, _)| *id == SEEK) {
                    let fields = children(seek)?;
                    let field = |wanted| fields.iter().find(|(id, _)| *id == wanted).map(|(_, bytes)| unsigned(bytes));
                    if field(0x53AB) == Some(u64::from(CUES)) {
                        return Ok(field(0x53AC).map(|position| segment.saturating_add(position)));
                    }
                }
            }
            _ => {}
        }
        at = inside.checked_add(size).filter(|_| size != UNKNOWN).ok_or_else(|| damaged("an element has no end"))?;
    }
}

fn points(cues: &[u8], track: u64) -> io::Result<Vec<Point>> {
    let mut points = Vec::new();
    for (_, point) in children(cues)?.into_iter().filter(|(id, _)| *id == 0xBB) {
        let fields = children(point)?;
        let time = fields.iter().find(|(id, _)| *id == 0xB3).map_or(0, |(_, bytes)| unsigned(bytes));
        for (_, positions) in fields.iter().filter(|(id, _)| *id == 0xB7) {
            let fields = children(positions)?;
            let field = |wanted| fields.iter().find(|(id, _)| *id == wanted).map(|(_, bytes)| unsigned(bytes));
            if field(0xF7) == Some(track) {
                let cluster = field(0xF1).ok_or_else(|| damaged("its index has no position"))?;
                points.push(Point { time, duration: field(0xB2), cluster, relative: field(0xF0) });
            }
        }
    }
    Ok(points)
}

/// What a block says.
struct ParsedBlock {
    track: u64,
    /// Relative to its cluster.
    time: i16,
    duration: Option<u64>,
    data: Vec<u8>,
}

/// Reads a simple block or a group; none for any other element.
fn block(id: u32, bytes: &[u8]) -> io::Result<Option<ParsedBlock>> {
    let (mut bytes, duration) = match id {
        SIMPLE_BLOCK => (bytes, None),
        BLOCK_GROUP => {
            let fields = children(bytes)?;
            let field = |wanted| fields.iter().find(|(id, _)| *id == wanted).map(|(_, bytes)| *bytes);
            (field(0xA1).ok_or_else(|| damaged("a group has no block"))?, field(0x9B).map(unsigned))
        }
        _ => return Ok(None),
    };
    let track = number(&mut bytes, false)?;
    let [high, low, flags, data @ ..] = bytes else { return Err(damaged("a block has no header")) };
    if flags & 0x06 != 0 {
        return Err(damaged("several subtitles are in one block"));
    }
    Ok(Some(ParsedBlock { track, time: i16::from_be_bytes([*high, *low]), duration, data: data.to_vec() }))
}

/// Every block of the track in one cluster, hopping over the others: for indexes without positions in clusters.
fn walk(
    file: &mut (impl Read + Seek),
    mut at: u64,
    size: u64,
    track: u64,
    blocks: &mut Vec<(u64, Option<u64>, Vec<u8>)>,
) -> io::Result<()> {
    let end = if size == UNKNOWN { u64::MAX } else { at.saturating_add(size) };
    let mut cluster = 0;
    while at < end {
        let (id, size, inside) = match element_at(file, at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        };
        match id {
            0xE7 => cluster = unsigned(&content(file, size, 8)?),
            // Of another level: the cluster had no end of its own.
            CLUSTER | CUES | 0x1254_C367 => return Ok(()),
            BLOCK_GROUP | SIMPLE_BLOCK if size <= LARGEST_BLOCK && is_of(file, id, track)? => {
                file.seek(SeekFrom::Start(inside))?;
                if let Some(read) = block(id, &content(file, size, LARGEST_BLOCK)?)? {
                    let time = cluster.saturating_add_signed(read.time.into());
                    blocks.push((time, read.duration, read.data));
                }
            }
            _ => {}
        }
        at = inside.saturating_add(size);
    }
    Ok(())
}

/// Whether the block that begins here is the track's; a group has it first.
fn is_of(file: &mut impl Read, id: u32, track: u64) -> io::Result<bool> {
    if id == BLOCK_GROUP && element(file)?.0 != 0xA1 {
        return Ok(false);
    }
    Ok(number(file, false)? == track)
}
