//! What archives and packed files have in common: what is wanted of them, how much they may hold, and why nothing can be
//! taken out. Pure.

use std::io::Read as _;

use subtitle_contract::language::Language;

use super::member::Episode;

/// The largest subtitle, in bytes: the longest films with the most markup stay far below.
pub const LARGEST: usize = 16 << 20;

/// What is wanted of an archive with several files.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedMember<'a> {
    /// The language it should be in.
    pub language: Option<&'a Language>,
    /// The episode it should be of.
    pub episode: Option<Episode>,
}

/// Why no subtitle could be taken out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Packed {
    /// A format that is not opened.
    #[error("the file is {0}, which is not opened: take another file, or unpack it first")]
    Unsupported(&'static str),
    /// A password is needed.
    #[error("the archive is encrypted and no password is known: take another file")]
    Encrypted,
    /// Bytes are missing or wrong.
    #[error("the {0} is damaged or was cut off: download it again, or take another file")]
    Damaged(&'static str),
    /// More than a subtitle can be.
    #[error("the file is, or unpacks to, more than {LARGEST} bytes, which no subtitle has")]
    TooLarge,
    /// Nothing in the archive reads as text with times.
    #[error("the archive has {members} files and no subtitle among them")]
    NoSubtitle {
        /// How many there are.
        members: usize,
    },
    /// A season's archive without the wanted episode.
    #[error("the archive has no subtitle of the episode that was asked for, only: {0}")]
    OtherEpisodes(String),
    /// A film in several files.
    #[error("the archive has the subtitle in {0} parts, for a video in as many files")]
    SeveralParts(usize),
    /// Pictures, programs, films.
    #[error("the file is {0}, not a subtitle")]
    NoText(&'static str),
    /// A bitmap subtitle.
    #[error("the file is {0}: a bitmap subtitle, which has no text to read without OCR")]
    ImageBased(&'static str),
}

impl Packed {
    /// The reason on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "unsupported-archive",
            Self::Encrypted => "encrypted-archive",
            Self::Damaged(_) => "damaged-archive",
            Self::TooLarge => "too-large",
            Self::NoSubtitle { .. } => "no-subtitle-in-archive",
            Self::OtherEpisodes(_) => "other-episodes",
            Self::SeveralParts(_) => "several-parts",
            Self::NoText(_) => "not-a-subtitle",
            Self::ImageBased(_) => "image-based",
        }
    }
}

/// The first bytes of what is no subtitle.
const OTHERS: &[(&[u8], Packed)] = &[
    (b"Rar!\x1A\x07", Packed::Unsupported("a rar archive")),
    (b"7z\xBC\xAF\x27\x1C", Packed::Unsupported("a 7z archive")),
    (b"\xFD7zXZ\0", Packed::Unsupported("an xz file")),
    (b"\x28\xB5\x2F\xFD", Packed::Unsupported("a zstd file")),
    (b"BZh", Packed::Unsupported("a bzip2 file")),
    (b"%PDF", Packed::NoText("a PDF")),
    (b"\x89PNG", Packed::NoText("a PNG picture")),
    (b"\xFF\xD8\xFF", Packed::NoText("a JPEG picture")),
    (b"GIF8", Packed::NoText("a GIF picture")),
    (b"\x1A\x45\xDF\xA3", Packed::NoText("a Matroska video")),
    (b"\0\0\x01\xBA", Packed::ImageBased("a VobSub stream")),
    (b"PG\0\0", Packed::ImageBased("a PGS stream")),
];

/// Why a file is not a subtitle, by its first bytes.
pub(super) fn known(bytes: &[u8]) -> Option<Packed> {
    OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, packed)| packed.clone())
}

/// Reads at most one byte more than a subtitle can have, so that a decompression bomb costs nothing.
pub(super) fn limited(reader: impl std::io::Read, name: &'static str) -> Result<Vec<u8>, Packed> {
    let mut plain = Vec::new();
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    reader.take(limit + 1).read_to_end(&mut plain).map_err(|_| Packed::Damaged(name))?;
    Ok(plain)
}
