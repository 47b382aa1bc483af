//! Elements of EBML (RFC 8794): a seekable file or bytes come in, ids, sizes and contents go out. Sizes are never believed
//! before the bytes are there. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

/// The size of an element whose end is wherever the next of its level begins.
pub(super) const UNKNOWN: u64 = (1 << 56) - 1;
/// A gap that is read and thrown away rather than jumped over, in bytes: a jump empties the reader's buffer.
const SHORT_GAP: u64 = 32 << 10;

pub(super) fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A number of one to eight bytes whose length is in its first bits (RFC 8794 §4); ids keep that mark.
pub(super) fn number(read: &mut impl Read, keeps_mark: bool) -> io::Result<u64> {
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

/// An element's head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) id: u32,
    pub(super) size: u64,
    /// Where its content begins.
    pub(super) data_start: u64,
}

impl Element {
    /// Where the next element of its level begins; `None` for an unknown size.
    pub(super) fn end(self) -> Option<u64> {
        self.data_start.checked_add(self.size).filter(|_| self.size != UNKNOWN)
    }
}

/// An element's id and size.
pub(super) fn element(read: &mut impl Read) -> io::Result<(u32, u64)> {
    let id = u32::try_from(number(read, true)?).map_err(|_| damaged("an element has no id"))?;
    Ok((id, number(read, false)?))
}

/// The element that begins where the file stands.
pub(super) fn read_element_header(file: &mut (impl Read + Seek)) -> io::Result<Element> {
    let (id, size) = element(file)?;
    Ok(Element { id, size, data_start: file.stream_position()? })
}

pub(super) fn element_at(file: &mut (impl Read + Seek), at: u64) -> io::Result<Element> {
    file.seek(SeekFrom::Start(at))?;
    read_element_header(file)
}

/// Goes on to a position that is not behind the file's.
pub(super) fn skip_to(file: &mut (impl Read + Seek), to: u64) -> io::Result<()> {
    let gap = to.checked_sub(file.stream_position()?);
    match gap.filter(|gap| *gap <= SHORT_GAP) {
        Some(gap) => io::copy(&mut file.take(gap), &mut io::sink()).map(|_| ()),
        None => file.seek(SeekFrom::Start(to)).map(|_| ()),
    }
}

/// The content of an element of at most `most` bytes.
pub(super) fn content(file: &mut impl Read, size: u64, most: u64) -> io::Result<Vec<u8>> {
    if size > most {
        return Err(damaged("an element is larger than it can be"));
    }
    let mut bytes = Vec::new();
    let read = file.take(size).read_to_end(&mut bytes)? as u64;
    if read < size { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// The elements in `bytes`, up to the first that is damaged.
pub(super) fn children(mut bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let mut children = Vec::new();
    while let Ok((id, size)) = element(&mut bytes) {
        let Some((child, rest)) = usize::try_from(size).ok().and_then(|size| bytes.split_at_checked(size)) else {
            break;
        };
        children.push((id, child));
        bytes = rest;
    }
    children
}

/// The first child with this id.
pub(super) fn child<'a>(children: &[(u32, &'a [u8])], id: u32) -> Option<&'a [u8]> {
    children.iter().find(|(one, _)| *one == id).map(|(_, bytes)| *bytes)
}

pub(super) fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A number of four or eight bytes.
pub(super) fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').trim().to_owned()
}
