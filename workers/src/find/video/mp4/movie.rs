//! What an MP4 file says of its tracks: the movie box comes in, tracks of text and pictures go out, each with what it takes to
//! find its samples. Does I/O.

use std::io::{Read, Seek, SeekFrom};

use mp4_atom::{Elst, Hdlr, Mdhd, Mvhd, Tkhd, Trex};
use subtitle_contract::language::Language;

use super::{
    super::{
        error::VideoError,
        track::{Codec, Track},
    },
    boxes::{BoxAt, boxes, bytes, decoded, find, inside},
};
use crate::find::{content::UnsupportedTrack, names::TrackName};

/// All samples, or some, are foreign-language parts: flags of `tx3g` (3GPP TS 26.245 §5.16, as Apple uses them).
const ALL_FORCED: u8 = 0x80;

/// A track of subtitles.
#[derive(Debug)]
pub(super) struct TextTrack {
    pub(super) number: u64,
    /// Ticks in a second.
    pub(super) timescale: u64,
    /// Milliseconds that the edit list moves every sample by.
    pub(super) offset: i64,
    /// Four characters.
    pub(super) codec: String,
    /// The sample entry.
    pub(super) entry: Vec<u8>,
    /// The sample table.
    pub(super) table: Option<BoxAt>,
    /// Duration and size of a fragment's samples, unless it says otherwise.
    pub(super) defaults: (u32, u32),
    language: Option<String>,
    name: String,
    is_enabled: bool,
}

/// A file's tracks and fragments.
#[derive(Debug)]
pub(super) struct Movie {
    pub(super) tracks: Vec<TextTrack>,
    pub(super) fragments: Vec<BoxAt>,
    /// Whether the file ends before its last box does.
    pub(super) is_truncated: bool,
    /// How long it plays.
    pub(super) seconds: Option<f64>,
}

impl Movie {
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Self, VideoError> {
        let length = file.seek(SeekFrom::End(0))?;
        let top = boxes(file, 0, length)?;
        let is_truncated = top.last().is_some_and(|last| last.to > length);
        let Some(moov) = top.iter().find(|one| one.is(*b"moov")) else {
            return Err(VideoError::Damaged("it has no movie box: it is cut, or was not finished"));
        };
        let header = decoded::<Mvhd>(file, *moov, &[*b"mvhd"])?;
        let timescale = header.as_ref().map_or(1000, |mvhd| u64::from(mvhd.timescale));
        #[expect(clippy::cast_precision_loss, reason = "a video plays less than 2^52 ticks")]
        let seconds = header.map(|mvhd| mvhd.duration as f64 / timescale.max(1) as f64);
        let mut defaults: Vec<Trex> = Vec::new();
        if let Some(mvex) = find(file, *moov, &[*b"mvex"])? {
            for trex in inside(file, mvex)?.into_iter().filter(|one| one.is(*b"trex")) {
                let bytes = bytes(file, trex)?;
                defaults.extend(mp4_atom::Atom::decode_body(&mut bytes.as_slice()).ok());
            }
        }
        let mut tracks = Vec::new();
        for trak in inside(file, *moov)?.into_iter().filter(|one| one.is(*b"trak")) {
            if let Some(mut track) = TextTrack::read(file, trak, timescale.max(1))? {
                let own = defaults.iter().find(|trex| u64::from(trex.track_id) == track.number);
                track.defaults = own.map_or((0, 0), |trex| (trex.default_sample_duration, trex.default_sample_size));
                tracks.push(track);
            }
        }
        let fragments = top.into_iter().filter(|one| one.is(*b"moof")).collect();
        Ok(Self { tracks, fragments, is_truncated, seconds })
    }
}

impl TextTrack {
    /// `None` for a track of sound, pictures or anything else.
    fn read(file: &mut (impl Read + Seek), trak: BoxAt, movie_timescale: u64) -> Result<Option<Self>, VideoError> {
        let Some(hdlr) = decoded::<Hdlr>(file, trak, &[*b"mdia", *b"hdlr"])? else { return Ok(None) };
        if ![*b"sbtl", *b"subt", *b"text", *b"subp", *b"clcp"]
            .iter()
            .any(|kind| hdlr.handler == mp4_atom::FourCC::new(kind))
        {
            return Ok(None);
        }
        let Some(tkhd) = decoded::<Tkhd>(file, trak, &[*b"tkhd"])? else { return Ok(None) };
        let Some(mdhd) = decoded::<Mdhd>(file, trak, &[*b"mdia", *b"mdhd"])? else { return Ok(None) };
        let timescale = u64::from(mdhd.timescale).max(1);
        let extended = match find(file, trak, &[*b"mdia", *b"elng"])? {
            Some(elng) => bytes(file, elng)?.get(4..).map(terminated),
            None => None,
        };
        let table = find(file, trak, &[*b"mdia", *b"minf", *b"stbl"])?;
        let described = match table {
            Some(table) => find(file, table, &[*b"stsd"])?,
            None => None,
        };
        let description = match described {
            Some(stsd) => bytes(file, stsd)?,
            None => Vec::new(),
        };
        // Version, flags and a count, then the first entry: its size, its code, its content.
        let codec = description.get(12..16).map(|code| String::from_utf8_lossy(code).into_owned()).unwrap_or_default();
        let named = match find(file, trak, &[*b"udta", *b"name"])? {
            Some(name) => terminated(&bytes(file, name)?),
            None => String::new(),
        };
        let edits = decoded::<Elst>(file, trak, &[*b"edts", *b"elst"])?;
        Ok(Some(Self {
            number: u64::from(tkhd.track_id),
            timescale,
            offset: edits.map_or(0, |edits| offset(&edits, timescale, movie_timescale)),
            codec,
            entry: description.get(16..).unwrap_or_default().to_vec(),
            table,
            defaults: (0, 0),
            language: extended.or(Some(mdhd.language)).filter(|language| !language.is_empty()),
            name: if named.is_empty() { meaningful(&hdlr.name) } else { named },
            is_enabled: tkhd.enabled,
        }))
    }

    pub(super) fn text_codec(&self) -> Option<Codec> {
        match self.codec.as_str() {
            "tx3g" | "text" => Some(Codec::Plain),
            "wvtt" => Some(Codec::WebVtt),
            "stpp" => Some(Codec::Ttml),
            _ => None,
        }
    }

    pub(super) fn track(&self, cues: Option<u64>) -> Track {
        let tag = self.language.as_deref().and_then(|tag| Language::parse(tag).ok());
        let name = TrackName::read(&self.name);
        // Behind six reserved bytes and a reference.
        let is_forced = self.codec == "tx3g" && self.entry.get(8).is_some_and(|flags| flags & ALL_FORCED != 0);
        Track {
            number: self.number,
            language: name.refined(tag.unwrap_or_else(Language::undetermined)),
            forced: is_forced || name.forced,
            hearing_impaired: name.hearing_impaired,
            is_commentary: name.is_commentary,
            name: self.name.clone(),
            is_default: self.is_enabled,
            cues,
            readable: self.text_codec().map(|_| ()).ok_or_else(|| match self.codec.as_str() {
                codec @ "mp4s" => UnsupportedTrack::Images(codec.to_owned()),
                codec => UnsupportedTrack::Codec(codec.to_owned()),
            }),
        }
    }
}

/// A text up to its first zero.
fn terminated(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

/// A handler's name, unless it only says what every program writes.
fn meaningful(handler: &str) -> String {
    let name = handler.trim_matches(|character: char| character.is_control() || character.is_whitespace());
    let is_usual = name.to_ascii_lowercase().contains("handler") || name.contains("Apple") || name.contains("GPAC");
    if is_usual { String::new() } else { name.to_owned() }
}

/// Empty edits delay a track, and a first edit that begins inside it does the opposite; in milliseconds.
fn offset(edits: &Elst, timescale: u64, movie_timescale: u64) -> i64 {
    let milliseconds =
        |ticks: u64, scale: u64| i64::try_from(u128::from(ticks) * 1000 / u128::from(scale)).unwrap_or(0);
    let mut delay = 0;
    for edit in &edits.entries {
        match edit.media_time {
            None => delay += milliseconds(edit.segment_duration, movie_timescale),
            Some(begin) => return delay - milliseconds(begin, timescale),
        }
    }
    0
}
