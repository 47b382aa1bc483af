//! What is in a video and in the subtitles beside it: an entry of a walk and what an earlier scan learned of it come in; only
//! files that changed are opened. Does I/O.

use std::io::{self, Read as _};

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    language::Language,
    policy::scan::{ScannedSidecar, ScannedTrack, ScannedVideo, SidecarAuthor, SubtitleFlag, TrackKind},
    text::sanitize,
};
use subtitle_telemetry::chain;

use super::{
    cache::{CachedSidecar, CachedVideo},
    walk::{Problem, SidecarEntry, VideoEntry},
};
use crate::{
    find::{
        LARGEST_DETECTED, MOST_DETECTED, SourceErrorKind, UnsupportedTrack,
        folder::{FileStat, LibraryFile, blocking},
        names::SidecarName,
        parser::{LARGEST_TEXT, Parser},
        video::{Track, VideoSummary, movie_hash::movie_hash},
        written::Record,
    },
    subtitle::file::Declared,
};

/// A file that changed less than this before it was read may change again without another size or time.
const MIN_CACHED_AGE: SignedDuration = SignedDuration::from_secs(10);
/// How a `.sub` file of pictures (VobSub) begins: a pack of an MPEG program stream.
const PICTURES: [u8; 4] = [0, 0, 1, 0xBA];
/// The longest name of a track, in characters.
const MAX_NAME: usize = 200;

/// A video and all that was learned of it.
pub(super) struct Inspected {
    pub(super) video: ScannedVideo,
    /// What the next scan may rely on.
    pub(super) learned: CachedVideo,
    /// Files that had to be opened.
    pub(super) opened: u64,
    pub(super) problems: Vec<Problem>,
}

/// Inspects a video at the time `now`; a problem, if it cannot be read now.
pub(super) async fn inspect(
    parser: &Parser,
    entry: VideoEntry,
    known: Option<CachedVideo>,
    now: Timestamp,
) -> Result<Inspected, Problem> {
    let VideoEntry { path, file, stat, sidecars: entries } = entry;
    let (known_sidecars, known) = match known {
        Some(mut known) => {
            (std::mem::take(&mut known.sidecars), Some(known).filter(|known| known.stamp == stat.stamp()))
        }
        None => (Vec::new(), None),
    };
    let (mut opened, mut problems) = (0, Vec::new());
    let mut learned = if let Some(known) = known {
        known
    } else {
        opened += 1;
        open(parser, &path, &file, stat).await.map_err(|message| Problem { path: path.clone(), message })?
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let (mut sidecars, mut detected) = (Vec::new(), 0);
    for entry in entries {
        let is_same = |known: &&CachedSidecar| known.label == entry.label && known.stamp == entry.stamp;
        let sidecar = if let Some(known) = known_sidecars.iter().find(is_same) {
            known.clone()
        } else {
            opened += 1;
            detected += usize::from(entry.name.language.is_undetermined());
            match open_sidecar(parser, &entry, detected <= MOST_DETECTED).await {
                Ok(sidecar) => sidecar,
                Err(error) => {
                    let path = super::order::join(&folder, &entry.label);
                    problems.push(Problem { path, message: error.to_string() });
                    continue;
                }
            }
        };
        if sidecar.is_text {
            sidecars.push(scanned(&entry, &sidecar));
        }
        if now.duration_since(entry.stat.modified).abs() > MIN_CACHED_AGE {
            learned.sidecars.push(sidecar);
        }
    }
    let video = ScannedVideo {
        path,
        size_bytes: stat.size,
        modified: stat.modified,
        hash: learned.hash.clone(),
        duration_seconds: learned.duration_seconds,
        sidecars,
        tracks: learned.tracks.clone(),
    };
    if now.duration_since(stat.modified).abs() <= MIN_CACHED_AGE {
        learned.stamp.clear();
    }
    Ok(Inspected { video, learned, opened, problems })
}

/// Opens a video. What is damaged or over the limits of reading is a video without tracks; the error says why it cannot be
/// read now.
async fn open(parser: &Parser, path: &str, file: &LibraryFile, stat: FileStat) -> Result<CachedVideo, String> {
    let summary = match parser.summary(file.clone()).await {
        Ok(summary) => summary,
        Err(error) if error.class() == SourceErrorKind::File => {
            tracing::debug!(path, error = %chain(&error), "failed to read the tracks of a video");
            let file = file.clone();
            let hash = blocking(move || movie_hash(&mut file.open()?, stat.size)).await;
            let hash = hash.map_err(|error| error.to_string())?;
            VideoSummary { hash, duration_seconds: None, tracks: Vec::new() }
        }
        Err(error) => return Err(error.to_string()),
    };
    let (folder, name) = (file.folder().clone(), file.name().to_owned());
    let after = blocking(move || folder.stat(&name)).await.map_err(|error| error.to_string())?;
    if after != Some(stat) {
        return Err("it changed while it was read".to_owned());
    }
    let VideoSummary { hash, duration_seconds, tracks } = summary;
    let tracks = tracks.iter().filter_map(track).collect();
    Ok(CachedVideo { path: path.to_owned(), stamp: stat.stamp(), hash, duration_seconds, tracks, sidecars: Vec::new() })
}

/// A track of text or pictures.
fn track(track: &Track) -> Option<ScannedTrack> {
    let kind = match &track.readable {
        Ok(()) => TrackKind::Text,
        Err(UnsupportedTrack::Images(_)) => TrackKind::Picture,
        Err(UnsupportedTrack::Codec(_)) => return None,
    };
    let flags = [
        (track.forced, SubtitleFlag::Forced),
        (track.hearing_impaired, SubtitleFlag::HearingImpaired),
        (track.is_commentary, SubtitleFlag::Commentary),
        (track.is_default, SubtitleFlag::Default),
    ];
    let name = sanitize(&track.name, MAX_NAME);
    Some(ScannedTrack { language: tag(&track.language), kind, flags: set(&flags), name })
}

async fn open_sidecar(parser: &Parser, entry: &SidecarEntry, detects: bool) -> io::Result<CachedSidecar> {
    let (file, detects) = (entry.file.clone(), detects && entry.name.language.is_undetermined());
    let (is_text, digest, record, bytes) = blocking(move || {
        let mut start = Vec::new();
        file.open()?.take(PICTURES.len() as u64).read_to_end(&mut start)?;
        let digest = file.digest(LARGEST_TEXT)?;
        let record = Record::find(&file, &digest);
        // A file that is too long for it is left as it is.
        let bytes = if detects { file.read(LARGEST_DETECTED).ok() } else { None };
        Ok((start != PICTURES, digest, record, bytes))
    })
    .await?;
    let author = match record {
        Some(Record::Found) => SidecarAuthor::Found,
        Some(Record::Translated) => SidecarAuthor::Translated,
        None => SidecarAuthor::Person,
    };
    let language = match bytes {
        Some(bytes) => {
            let read = parser.text(bytes.into(), &Declared::default()).await.ok();
            read.and_then(|read| read.language).as_ref().and_then(tag)
        }
        None => None,
    };
    Ok(CachedSidecar { label: entry.label.clone(), stamp: entry.stamp.clone(), digest, author, is_text, language })
}

fn scanned(entry: &SidecarEntry, learned: &CachedSidecar) -> ScannedSidecar {
    let SidecarName { language, forced, hearing_impaired, is_commentary } = &entry.name;
    let flags = [
        (*forced, SubtitleFlag::Forced),
        (*hearing_impaired, SubtitleFlag::HearingImpaired),
        (*is_commentary, SubtitleFlag::Commentary),
    ];
    ScannedSidecar {
        name: entry.label.clone(),
        language: tag(language).or_else(|| learned.language.clone()),
        flags: set(&flags),
        digest: learned.digest.clone(),
        author: learned.author,
    }
}

fn set(flags: &[(bool, SubtitleFlag)]) -> Vec<SubtitleFlag> {
    flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| *flag).collect()
}

/// The language, unless it is not known.
fn tag(language: &Language) -> Option<String> {
    (!language.is_undetermined()).then(|| language.to_string())
}
