//! Boxes of an MP4 file (ISO/IEC 14496-12): a seekable file comes in, where each box's content is goes out, and the decoded
//! ones of those that are small. Sizes are never believed before the bytes are there. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

use mp4_atom::{Atom, FourCC, Header, ReadFrom as _};

use super::super::error::VideoError;

/// The largest box that is read into memory, in bytes: the sample table of a track of subtitles has a few hundred KiB.
const LARGEST: u64 = 16 << 20;
/// The most boxes of one level: a stream has a few thousand fragments.
const MOST: usize = 200_000;

/// Where a box's content is.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoxAt {
    pub(super) kind: FourCC,
    /// Where its header begins.
    pub(super) at: u64,
    pub(super) from: u64,
    /// May be behind the end of the file.
    pub(super) to: u64,
}

impl BoxAt {
    pub(super) fn is(&self, kind: [u8; 4]) -> bool {
        self.kind == FourCC::new(&kind)
    }
}

/// The boxes between two positions, up to the first that is damaged.
pub(super) fn boxes(file: &mut (impl Read + Seek), from: u64, to: u64) -> io::Result<Vec<BoxAt>> {
    let mut boxes = Vec::new();
    let mut at = from;
    while at.saturating_add(8) <= to && boxes.len() < MOST {
        file.seek(SeekFrom::Start(at))?;
        let Ok(header) = Header::read_from(file) else { break };
        let inside = file.stream_position()?;
        let end = header.size.map_or(Some(to), |size| inside.checked_add(size as u64));
        let Some(end) = end else { break };
        boxes.push(BoxAt { kind: header.kind, at, from: inside, to: end });
        at = end;
    }
    Ok(boxes)
}

/// The boxes inside a box.
pub(super) fn inside(file: &mut (impl Read + Seek), parent: BoxAt) -> io::Result<Vec<BoxAt>> {
    boxes(file, parent.from, parent.to)
}

/// The box at the end of a path, the first of its kind on each level.
pub(super) fn find(file: &mut (impl Read + Seek), parent: BoxAt, path: &[[u8; 4]]) -> io::Result<Option<BoxAt>> {
    let mut at = parent;
    for kind in path {
        match inside(file, at)?.into_iter().find(|one| one.is(*kind)) {
            Some(found) => at = found,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// A box's bytes.
pub(super) fn bytes(file: &mut (impl Read + Seek), of: BoxAt) -> Result<Vec<u8>, VideoError> {
    let size = of.to.saturating_sub(of.from);
    if size > LARGEST {
        return Err(VideoError::Damaged("a box is larger than it can be"));
    }
    file.seek(SeekFrom::Start(of.from))?;
    let mut bytes = Vec::new();
    if (file.take(size).read_to_end(&mut bytes)? as u64) < size {
        return Err(VideoError::Read(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

/// The decoded box at the end of a path; `None` if it is missing or damaged.
pub(super) fn decoded<T: Atom>(
    file: &mut (impl Read + Seek),
    parent: BoxAt,
    path: &[[u8; 4]],
) -> Result<Option<T>, VideoError> {
    let Some(found) = find(file, parent, path)? else { return Ok(None) };
    let bytes = bytes(file, found)?;
    Ok(T::decode_body(&mut bytes.as_slice()).ok())
}
