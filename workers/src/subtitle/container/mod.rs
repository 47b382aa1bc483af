//! What a downloaded file is packed in, by its first bytes: bytes come in, a subtitle's bytes go out. Archives are
//! read in memory, so that no path in them leads anywhere. Pure.

mod member;
mod packed;
mod zip;

use std::borrow::Cow;

use flate2::read::MultiGzDecoder;

use super::warning::{Code, Warning};
pub use member::Episode;
pub use packed::{LARGEST, Packed, WantedMember};
use packed::{known, limited};

/// How often packed bytes may contain themselves: a gzip of a zip, and no more.
const DEEPEST: usize = 2;

/// A subtitle's own bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Unpacked<'a> {
    /// Still in an unknown charset.
    pub bytes: Cow<'a, [u8]>,
    /// What was left out.
    pub warnings: Vec<Warning>,
}

/// Unpacks a subtitle's bytes.
pub fn unpack<'a>(bytes: &'a [u8], wanted: &WantedMember<'_>) -> Result<Unpacked<'a>, Packed> {
    unpack_at(Cow::Borrowed(bytes), wanted, 0)
}

fn unpack_at<'a>(bytes: Cow<'a, [u8]>, wanted: &WantedMember<'_>, depth: usize) -> Result<Unpacked<'a>, Packed> {
    if let Some(packed) = known(&bytes) {
        return Err(packed);
    }
    if bytes.len() > LARGEST {
        return Err(Packed::TooLarge);
    }
    let is_archive = [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| bytes.starts_with(magic));
    let is_deflated = bytes.starts_with(&[0x1F, 0x8B]);
    if (is_archive || is_deflated) && depth == DEEPEST {
        return Err(Packed::Unsupported("an archive in an archive in an archive"));
    }
    if is_deflated {
        return unpack_at(Cow::Owned(gunzip(&bytes)?), wanted, depth + 1);
    }
    if is_archive {
        let chosen = zip::choose(&bytes, wanted)?;
        let mut unpacked = unpack_at(Cow::Owned(chosen.bytes), wanted, depth + 1)?;
        if chosen.others > 0 {
            let message = format!("'{}' was taken; {} other files were left out", chosen.name, chosen.others);
            unpacked.warnings.insert(0, Warning::whole(Code::ChosenFromArchive, message));
        }
        return Ok(unpacked);
    }
    Ok(Unpacked { bytes, warnings: Vec::new() })
}

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, Packed> {
    limited(MultiGzDecoder::new(bytes), "gzip file")
}

#[cfg(test)]
pub(super) mod tests;
