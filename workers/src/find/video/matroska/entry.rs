//! A track's entry (RFC 9559 §5.1.4.1): its bytes come in, what it says and how its blocks are packed go out. Pure.

use subtitle_contract::language::Language;

use super::{
    super::track::{Codec, Track},
    ebml::{child, children, text, unsigned},
    ids,
};
use crate::find::{content::UnsupportedTrack, names::TrackName};

/// The type of a subtitle track, and of a video track.
const SUBTITLE: u64 = 17;
const VIDEO: u64 = 1;

/// One track of any type.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) uid: u64,
    kind: u64,
    pub(super) codec_id: String,
    pub(super) private: Vec<u8>,
    language: Option<String>,
    name: String,
    is_default: bool,
    forced: bool,
    hearing_impaired: bool,
    is_commentary: bool,
    /// Nanoseconds of a frame.
    frame_duration: Option<u64>,
    /// In the order in which they are undone.
    pub(super) encodings: Vec<Encoding>,
}

/// What was done to each block.
#[derive(Clone, Debug)]
pub(super) enum Encoding {
    Zlib,
    /// These bytes were taken from the front of every block.
    Stripped(Vec<u8>),
    Encrypted,
    /// Another compression.
    Unknown(u64),
}

impl Entry {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let fields = children(bytes);
        let number = |id| child(&fields, id).map(unsigned);
        let string = |id| child(&fields, id).map(text).filter(|text| !text.is_empty());
        let flag = |id, default: bool| number(id).map_or(default, |value| value == 1);
        Self {
            number: number(ids::TRACK_NUMBER).unwrap_or_default(),
            uid: number(ids::TRACK_UID).unwrap_or_default(),
            kind: number(ids::TRACK_TYPE).unwrap_or_default(),
            codec_id: string(ids::CODEC_ID).unwrap_or_default(),
            private: child(&fields, ids::CODEC_PRIVATE).unwrap_or_default().to_vec(),
            language: string(ids::LANGUAGE_BCP47).or_else(|| string(ids::LANGUAGE)),
            name: string(ids::NAME).unwrap_or_default(),
            is_default: flag(ids::FLAG_DEFAULT, true),
            forced: flag(ids::FLAG_FORCED, false),
            hearing_impaired: flag(ids::FLAG_HEARING_IMPAIRED, false),
            is_commentary: flag(ids::FLAG_COMMENTARY, false),
            frame_duration: number(ids::DEFAULT_DURATION),
            encodings: encodings(child(&fields, ids::CONTENT_ENCODINGS).unwrap_or_default()),
        }
    }

    /// The video's frames per second.
    pub(super) fn frame_rate(&self) -> Option<f64> {
        let nanoseconds = u32::try_from(self.frame_duration.filter(|_| self.kind == VIDEO)?).ok()?;
        (nanoseconds > 0).then(|| 1e9 / f64::from(nanoseconds))
    }

    pub(super) fn codec(&self) -> Option<Codec> {
        match self.codec_id.as_str() {
            "S_TEXT/UTF8" | "S_TEXT/ASCII" => Some(Codec::Plain),
            "S_TEXT/ASS" | "S_TEXT/SSA" | "S_ASS" | "S_SSA" => Some(Codec::Ass),
            "S_TEXT/WEBVTT" => Some(Codec::WebVtt),
            "D_WEBVTT/SUBTITLES" | "D_WEBVTT/CAPTIONS" | "D_WEBVTT/DESCRIPTIONS" => Some(Codec::WebVttInline),
            _ => None,
        }
    }

    /// The track, if it is one of subtitles; an absent language means English.
    pub(super) fn track(&self, cues: Option<u64>) -> Option<Track> {
        // WebM's WebVTT may also be of the types for metadata.
        if self.kind != SUBTITLE && !self.codec_id.starts_with("D_WEBVTT/") {
            return None;
        }
        let tag =
            Language::parse(self.language.as_deref().unwrap_or("eng")).unwrap_or_else(|_| Language::undetermined());
        let name = TrackName::read(&self.name);
        Some(Track {
            number: self.number,
            language: name.refined(tag),
            forced: self.forced || name.forced,
            hearing_impaired: self.hearing_impaired || name.hearing_impaired || self.codec_id == "D_WEBVTT/CAPTIONS",
            is_commentary: self.is_commentary || name.is_commentary,
            name: self.name.clone(),
            is_default: self.is_default,
            cues,
            readable: self.codec().map(|_| ()).ok_or_else(|| match self.codec_id.as_str() {
                codec @ ("S_HDMV/PGS" | "S_VOBSUB" | "S_DVBSUB" | "S_IMAGE/BMP") => {
                    UnsupportedTrack::Images(codec.to_owned())
                }
                codec => UnsupportedTrack::Codec(codec.to_owned()),
            }),
        })
    }
}

/// Those of blocks, the last applied first.
fn encodings(bytes: &[u8]) -> Vec<Encoding> {
    let entries = children(bytes);
    let mut encodings: Vec<(u64, Encoding)> = entries
        .iter()
        .filter(|(id, _)| *id == ids::CONTENT_ENCODING)
        .map(|(_, bytes)| children(bytes))
        .filter(|fields| child(fields, ids::CONTENT_ENCODING_SCOPE).is_none_or(|scope| unsigned(scope) & 1 == 1))
        .map(|fields| {
            let order = child(&fields, ids::CONTENT_ENCODING_ORDER).map_or(0, unsigned);
            if child(&fields, ids::CONTENT_ENCODING_TYPE).is_some_and(|kind| unsigned(kind) == 1) {
                return (order, Encoding::Encrypted);
            }
            let compression = children(child(&fields, ids::CONTENT_COMPRESSION).unwrap_or_default());
            let settings = child(&compression, ids::CONTENT_COMPRESSION_SETTINGS).unwrap_or_default();
            let encoding = match child(&compression, ids::CONTENT_COMPRESSION_ALGORITHM).map_or(0, unsigned) {
                0 => Encoding::Zlib,
                3 => Encoding::Stripped(settings.to_vec()),
                other => Encoding::Unknown(other),
            };
            (order, encoding)
        })
        .collect();
    encodings.sort_by_key(|(order, _)| std::cmp::Reverse(*order));
    encodings.into_iter().map(|(_, encoding)| encoding).collect()
}
