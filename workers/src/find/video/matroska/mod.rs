//! Matroska's subtitle tracks (RFC 9559 and the codec mappings of its subtitle pages): a seekable file comes in,
//! tracks or one track's cues go out. Does I/O.

mod blocks;
mod index;
mod text;

use std::io::{self, Read, Seek, SeekFrom};

use matroska_demuxer::{MatroskaFile, TrackEntry, TrackType};
use subtitle_contract::language::Language;

use crate::{
    find::content::{FetchedContent, UnsupportedTrack},
    subtitle::Format,
};

/// One subtitle track.
#[derive(Debug)]
pub(in crate::find) struct Track {
    pub(in crate::find) number: u64,
    pub(in crate::find) language: Language,
    pub(in crate::find) forced: bool,
    pub(in crate::find) hearing_impaired: bool,
    /// Whether a player shows it by default.
    pub(in crate::find) is_default: bool,
    /// Why it cannot be used, if it cannot.
    pub(in crate::find) readable: Result<(), UnsupportedTrack>,
}

/// How a track's blocks are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::find) enum Reading {
    /// From start to end: certain, and costs the whole file.
    Whole,
    /// By the file's index: costs little more than the text, and only works where the index lists the track.
    ByIndex,
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// None when the file is no Matroska at all.
fn open<R: Read + Seek>(mut file: R) -> Result<Option<MatroskaFile<R>>, String> {
    let mut magic = [0; 4];
    match file.read_exact(&mut magic) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(text(error)),
        read if read.is_err() || magic != [0x1A, 0x45, 0xDF, 0xA3] => return Ok(None),
        _ => {}
    }
    file.seek(SeekFrom::Start(0)).map_err(text)?;
    MatroskaFile::open(file).map(Some).map_err(text)
}

/// Lists the subtitle tracks; none for other containers.
pub(in crate::find) fn tracks(file: impl Read + Seek) -> Result<Vec<Track>, String> {
    let Some(file) = open(file)? else { return Ok(Vec::new()) };
    let subtitles = file.tracks().iter().filter(|track| track.track_type() == TrackType::Subtitle);
    Ok(subtitles.filter_map(track).collect())
}

/// The video's frames per second; none for other containers, and where the file does not say.
pub(in crate::find) fn frame_rate(file: impl Read + Seek) -> Option<f64> {
    let file = open(file).ok()??;
    let video = file.tracks().iter().find(|track| track.track_type() == TrackType::Video)?;
    let nanoseconds = u32::try_from(video.default_duration()?.get()).ok()?;
    Some(1e9 / f64::from(nanoseconds))
}

/// A track without a usable language tag (`und`, `zxx`) is not offered; an absent one means English.
fn track(entry: &TrackEntry) -> Option<Track> {
    let tag = entry.language_bcp47().or(entry.language()).unwrap_or("eng");
    let language = Language::parse(tag).ok().filter(|language| !["und", "zxx", "mul"].contains(&language.base()))?;
    let name = entry.name().unwrap_or_default().to_ascii_lowercase();
    Some(Track {
        number: entry.track_number().get(),
        language,
        forced: entry.flag_forced() || name.contains("forced"),
        hearing_impaired: entry.flag_hearing_impaired() || name.contains("sdh"),
        is_default: entry.flag_default(),
        readable: markup(entry.codec_id()).map(|_| ()).ok_or_else(|| match entry.codec_id() {
            codec @ ("S_HDMV/PGS" | "S_VOBSUB" | "S_DVBSUB" | "S_IMAGE/BMP") => {
                UnsupportedTrack::Images(codec.to_owned())
            }
            codec => UnsupportedTrack::Codec(codec.to_owned()),
        }),
    })
}

fn markup(codec: &str) -> Option<Format> {
    match codec {
        "S_TEXT/UTF8" | "S_TEXT/ASCII" => Some(Format::Srt),
        "S_TEXT/ASS" | "S_TEXT/SSA" | "S_ASS" | "S_SSA" => Some(Format::Ass),
        "S_TEXT/WEBVTT" => Some(Format::WebVtt),
        _ => None,
    }
}

/// Reads one track: an ASS file where it is one, else its cues.
pub(in crate::find) fn content(
    mut file: impl Read + Seek,
    number: u64,
    reading: Reading,
) -> Result<FetchedContent, String> {
    let mut demuxer = open(&mut file)?.ok_or("the file is no Matroska any more")?;
    let entry = demuxer.tracks().iter().find(|track| track.track_number().get() == number);
    let entry = entry.ok_or_else(|| format!("track {number} is gone"))?.clone();
    let markup = markup(entry.codec_id()).ok_or_else(|| format!("{} is no text", entry.codec_id()))?;
    let ticks = blocks::Ticks(demuxer.info().timestamp_scale().get());
    let blocks = match reading {
        Reading::Whole => blocks::whole(&mut demuxer, number, ticks)?,
        Reading::ByIndex => {
            let said = blocks::said_count(demuxer.tags().unwrap_or_default(), entry.track_uid().get());
            drop(demuxer);
            let indexed = index::blocks(&mut file, number, ticks).map_err(text)?;
            let indexed = indexed.ok_or("the video's index does not list this track: use video.path")?;
            if said.is_some_and(|said| said > indexed.len()) {
                return Err(format!(
                    "the video's index lists {} of the track's {} subtitles: use video.path",
                    indexed.len(),
                    said.unwrap_or_default()
                ));
            }
            indexed
        }
    };
    let blocks = blocks.into_iter().map(|block| blocks::unpacked(&entry, block)).collect::<Result<Vec<_>, _>>()?;
    Ok(text::content(markup, entry.codec_private(), &blocks))
}
