//! Matroska's subtitle tracks (RFC 9559 and the codec mappings of its subtitle pages): a file comes in, tracks or
//! one track's cues go out. Blocking I/O.

use std::{
    fs::File,
    io::{BufReader, Read as _},
    path::Path,
};

use flate2::read::ZlibDecoder;
use matroska_demuxer::{ContentCompAlgo, ContentEncodingValue, Frame, MatroskaFile, TrackEntry, TrackType};
use subtitle_core::language::Language;

use crate::subtitle::{Cue, Format, srt_text};

/// The most a single compressed block may grow to, in bytes; a subtitle block is a few hundred.
const LARGEST_BLOCK: u64 = 1 << 20;
/// How long a cue without a duration stays, in milliseconds, unless the next one comes first.
const UNKNOWN_DURATION: u64 = 4_000;

/// One subtitle track.
pub(super) struct Track {
    pub(super) number: u64,
    pub(super) language: Language,
    pub(super) forced: bool,
    pub(super) hearing_impaired: bool,
    /// Why it is none for us, where it is not.
    pub(super) readable: Result<(), String>,
}

type Demuxer = MatroskaFile<BufReader<File>>;

/// None when the file is no Matroska at all.
fn open(path: &Path) -> Result<Option<Demuxer>, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_err() || magic != [0x1A, 0x45, 0xDF, 0xA3] {
        return Ok(None);
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    MatroskaFile::open(BufReader::with_capacity(1 << 18, file)).map(Some).map_err(|error| error.to_string())
}

/// Lists the subtitle tracks; none for other containers.
pub(super) fn tracks(path: &Path) -> Result<Vec<Track>, String> {
    let Some(file) = open(path)? else { return Ok(Vec::new()) };
    let subtitles = file.tracks().iter().filter(|track| track.track_type() == TrackType::Subtitle);
    Ok(subtitles.filter_map(track).collect())
}

/// A track without a usable language tag (`und`, `zxx`) is not offered; an absent one means English.
fn track(entry: &TrackEntry) -> Option<Track> {
    let tag = entry.language_bcp47().or(entry.language()).unwrap_or("eng");
    let language = Language::parse(tag).ok().filter(|language| !["und", "zxx", "mul"].contains(&language.base()))?;
    let name = entry.name().unwrap_or_default().to_ascii_lowercase();
    Some(Track {
        number: entry.track_number().get(),
        language,
        forced: entry.flag_forced(),
        hearing_impaired: entry.flag_hearing_impaired() || name.contains("sdh"),
        readable: match markup(entry.codec_id()) {
            Some(_) => Ok(()),
            None => Err(format!("{} is no text: it would need character recognition", entry.codec_id())),
        },
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

/// Reads one track's cues, ordered as in the file.
pub(super) fn cues(path: &Path, number: u64) -> Result<Vec<Cue>, String> {
    let mut file = open(path)?.ok_or("the file is no Matroska any more")?;
    let entry = file.tracks().iter().find(|track| track.track_number().get() == number);
    let entry = entry.ok_or_else(|| format!("track {number} is gone"))?.clone();
    let markup = markup(entry.codec_id()).ok_or_else(|| format!("{} is no text", entry.codec_id()))?;
    let scale = file.info().timestamp_scale().get();
    let milliseconds =
        |ticks: u64| u64::try_from(u128::from(ticks) * u128::from(scale) / 1_000_000).unwrap_or(u64::MAX);
    let mut cues: Vec<(Cue, bool)> = Vec::new();
    let mut frame = Frame::default();
    while file.next_frame(&mut frame).map_err(|error| error.to_string())? {
        if frame.track != number {
            continue;
        }
        let block = unpacked(&entry, std::mem::take(&mut frame.data))?;
        let text = String::from_utf8_lossy(&block);
        let text = match markup {
            // ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text
            Format::Ass => text.splitn(9, ',').nth(8).unwrap_or_default(),
            _ => &text,
        };
        let start = milliseconds(frame.timestamp);
        let duration = frame.duration.map_or(UNKNOWN_DURATION, milliseconds);
        let text = srt_text(markup, &text.replace("\r\n", "\n"));
        cues.push((Cue::new(start, start.saturating_add(duration), text), frame.duration.is_none()));
    }
    for at in 1..cues.len() {
        let next = cues[at].0.start;
        let (cue, is_open) = &mut cues[at - 1];
        if *is_open && next > cue.start {
            cue.end = cue.end.min(next);
        }
    }
    Ok(cues.into_iter().map(|(cue, _)| cue).collect())
}

/// Undoes the track's content encodings: zlib and header stripping.
fn unpacked(track: &TrackEntry, mut block: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut encodings: Vec<_> = track.content_encodings().unwrap_or_default().iter().collect();
    encodings.sort_by_key(|encoding| std::cmp::Reverse(encoding.order()));
    for encoding in encodings {
        let ContentEncodingValue::Compression(compression) = encoding.encoding() else {
            return Err("the track is encrypted".to_owned());
        };
        block = match compression.algo() {
            ContentCompAlgo::Stripping => [compression.settings().unwrap_or_default(), &block].concat(),
            ContentCompAlgo::Zlib => {
                let mut plain = Vec::new();
                let mut limited = ZlibDecoder::new(block.as_slice()).take(LARGEST_BLOCK);
                limited.read_to_end(&mut plain).map_err(|error| format!("a compressed block is damaged: {error}"))?;
                plain
            }
            other => return Err(format!("the track is compressed with {other:?}, which is not supported")),
        };
    }
    Ok(block)
}
