//! Converts a track's blocks to a subtitle file: SubRip for plain text, otherwise the format that was muxed. Text blocks are
//! decoded together, by the same rules as a file. Pure.

use subtitle_contract::language::Language;

use super::{super::error::VideoError, script, timed::TimedText, webvtt};
use crate::{
    find::content::TrackFile,
    subtitle::{Code, Cue, Format, Subtitle, Warning, charset},
};

/// How long a cue without a duration stays, in milliseconds, unless the next one comes first.
const UNKNOWN_DURATION: u64 = 4_000;

/// How many of the last cues a cue of a TTML document is compared with, as one that spans segments is in each of them.
const COMPARED_CUES: usize = 50;

/// One subtitle as the container has it.
#[derive(Clone, Debug, Default)]
pub(in crate::find::video) struct Block {
    /// In milliseconds.
    pub(in crate::find::video) start: u64,
    /// In milliseconds; `None` where the container has none.
    pub(in crate::find::video) duration: Option<u64>,
    pub(in crate::find::video) data: Vec<u8>,
    /// WebVTT's settings, identifier and comments, which Matroska keeps beside the block.
    pub(in crate::find::video) addition: Vec<u8>,
}

/// How a track's blocks hold text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::find::video) enum Codec {
    /// `S_TEXT/UTF8`, `S_TEXT/ASCII`, `tx3g`: text, with SubRip's tags if any.
    Plain,
    /// `S_TEXT/ASS`, `S_TEXT/SSA`: one line of the file without its times.
    Ass,
    /// `S_TEXT/WEBVTT`, `wvtt`: a cue's text, with its settings beside it.
    WebVtt,
    /// `D_WEBVTT/…`, as WebM has it: identifier, settings and text, a line each.
    WebVttInline,
    /// `stpp`: one TTML document per segment.
    Ttml,
}

/// A track's blocks, in order of time.
#[derive(Debug)]
pub(in crate::find::video) struct TrackBlocks {
    pub(in crate::find::video) codec: Codec,
    /// The file's head, in formats that have one.
    pub(in crate::find::video) header: Vec<u8>,
    pub(in crate::find::video) blocks: Vec<Block>,
    /// Whether the video file is truncated.
    pub(in crate::find::video) is_truncated: bool,
}

impl TrackBlocks {
    /// Converts the track to a subtitle file.
    pub(in crate::find::video) fn file(&self, language: Option<&Language>) -> Result<TrackFile, VideoError> {
        let mut parts: Vec<&[u8]> = self.blocks.iter().map(|block| block.data.as_slice()).collect();
        if parts.iter().all(|part| part.iter().all(u8::is_ascii_whitespace)) {
            return Err(VideoError::Empty);
        }
        parts.push(&self.header);
        let (mut texts, _, mut warnings) = charset::decode_parts(&parts, language).map_err(VideoError::Charset)?;
        let header = texts.pop().unwrap_or_default();
        let header = header.trim_end_matches(['\0', '\r', '\n']).replace("\r\n", "\n");
        let timed = self.timed(texts);
        let text = match self.codec {
            Codec::Plain => plain(&timed)?,
            Codec::Ass if header.contains("[Script Info]") => script::file(&header, &timed),
            Codec::Ass => script::file(script::DEFAULT_HEADER, &timed),
            Codec::WebVtt => webvtt::render(&header, timed.iter().map(webvtt::from_block_additional)),
            Codec::WebVttInline => webvtt::render(&header, timed.iter().map(webvtt::from_webm_block)),
            Codec::Ttml => documents(&timed)?,
        };
        if self.is_truncated {
            warnings.push(Warning::from(Code::CutOff));
        }
        Ok(TrackFile { text, warnings })
    }

    /// A block without a duration ends with the next one.
    fn timed(&self, texts: Vec<String>) -> Vec<TimedText<'_>> {
        let blocks = self.blocks.iter().zip(texts).enumerate();
        blocks
            .map(|(index, (block, text))| {
                let open_end = block.start.saturating_add(UNKNOWN_DURATION);
                let next = self.blocks.get(index + 1).map(|next| next.start).filter(|next| *next > block.start);
                let end = match block.duration {
                    Some(duration) => block.start.saturating_add(duration),
                    None => next.map_or(open_end, |next| open_end.min(next)),
                };
                let text = text.replace("\r\n", "\n").replace('\0', "");
                TimedText { start: block.start, end, text, addition: &block.addition }
            })
            .collect()
    }
}

/// The cues of every document, whose times count from the start of the video; a cue that spans two segments is in both.
fn documents(timed: &[TimedText<'_>]) -> Result<String, VideoError> {
    let mut cues: Vec<Cue> = Vec::new();
    for document in timed.iter().filter(|document| !document.text.trim().is_empty()) {
        let Ok(read) = Subtitle::read(&document.text) else { continue };
        for cue in read.cues {
            if !cues.iter().rev().take(COMPARED_CUES).any(|known| *known == cue) {
                cues.push(cue);
            }
        }
    }
    Ok(Subtitle::from_cues(cues).map_err(|_| VideoError::Empty)?.write(Format::Srt).text)
}

fn plain(timed: &[TimedText<'_>]) -> Result<String, VideoError> {
    let cues = timed.iter().map(|one| Cue::new(one.start, one.end, one.text.clone())).collect();
    let subtitle = Subtitle::from_cues(cues).map_err(|_| VideoError::Empty)?;
    Ok(subtitle.write(Format::Srt).text)
}
