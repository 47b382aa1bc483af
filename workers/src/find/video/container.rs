//! Which container a video is in, by its first bytes and not by its name: a seekable file comes in, its tracks or one
//! track's text go out. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use subtitle_contract::language::Language;

use super::{
    error::VideoError,
    matroska,
    movie_hash::movie_hash,
    mp4,
    reading::Reading,
    track::{Track, VideoSummary},
};
use crate::find::{content::TrackFile, error::SourceErrorKind};

#[derive(Clone, Copy)]
enum Container {
    Matroska,
    Mp4,
}

/// What a video file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::find) struct ContainerFacts {
    /// Whether its tracks can be read.
    pub(in crate::find) is_read: bool,
    pub(in crate::find) frame_rate: Option<f64>,
}

/// `None` for what is not a container that is read.
fn container(file: &mut (impl Read + Seek)) -> io::Result<Option<Container>> {
    file.seek(SeekFrom::Start(0))?;
    let mut first = Vec::with_capacity(12);
    file.take(12).read_to_end(&mut first)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(match first.as_slice() {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Some(Container::Matroska),
        [_, _, _, _, kind @ ..] if mp4::begins_with(kind) => Some(Container::Mp4),
        _ => None,
    })
}

/// Lists the subtitle tracks; empty for other files.
pub(in crate::find) fn tracks(mut file: impl Read + Seek) -> Result<Vec<Track>, VideoError> {
    match container(&mut file)? {
        Some(Container::Matroska) => matroska::tracks(&mut file),
        Some(Container::Mp4) => mp4::tracks(&mut file),
        None => Ok(Vec::new()),
    }
}

/// What a scan records of a video. A file of another kind, or a damaged one, has neither tracks nor a length.
pub(in crate::find) fn summary(mut file: impl Read + Seek) -> Result<VideoSummary, VideoError> {
    let size = file.seek(SeekFrom::End(0))?;
    let hash = movie_hash(&mut file, size)?;
    let read = match container(&mut file)? {
        Some(Container::Matroska) => matroska::summary(&mut file),
        Some(Container::Mp4) => mp4::summary(&mut file),
        None => Ok((Vec::new(), None)),
    };
    let (tracks, seconds) = match read {
        Err(error) if error.class() == SourceErrorKind::File => (Vec::new(), None),
        read => read?,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let duration_seconds = seconds.filter(|seconds| *seconds > 0.0).map(|seconds| seconds.round() as u32);
    Ok(VideoSummary { hash, duration_seconds, tracks })
}

/// Whether it is a container that is read, and its frames per second where the file tells.
pub(in crate::find) fn facts(mut file: impl Read + Seek) -> io::Result<ContainerFacts> {
    let container = container(&mut file)?;
    let frame_rate = match container {
        Some(Container::Matroska) => matroska::frame_rate(&mut file),
        Some(Container::Mp4) | None => None,
    };
    Ok(ContainerFacts { is_read: container.is_some(), frame_rate })
}

/// Reads one track, whose text should be in `language`.
pub(in crate::find) fn content(
    mut file: impl Read + Seek,
    number: u64,
    reading: Reading,
    language: &Language,
) -> Result<TrackFile, VideoError> {
    let language = Some(language).filter(|language| !language.is_undetermined());
    let blocks = match container(&mut file)? {
        Some(Container::Matroska) => matroska::blocks(&mut file, number, reading)?,
        Some(Container::Mp4) => mp4::blocks(&mut file, number)?,
        None => return Err(VideoError::TrackMissing(number)),
    };
    blocks.file(language)
}
