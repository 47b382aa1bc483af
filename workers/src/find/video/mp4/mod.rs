//! MP4's and QuickTime's subtitle tracks (`tx3g`, `wvtt`, `stpp`): a seekable file comes in, tracks or one track's blocks go
//! out. The tables say where every sample is, so that a file behind HTTP is read in parts. Does I/O.

mod boxes;
mod movie;
mod samples;
mod text;

use std::io::{Read, Seek};

use super::{
    error::VideoError,
    track::{Block, Codec, TextBudget, Track, TrackBlocks},
};
use movie::Movie;

/// Whether a file whose first box is of this kind is an MP4.
pub(super) fn begins_with(kind: &[u8]) -> bool {
    let kinds: [&[u8]; 10] = [b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx"];
    kinds.iter().any(|one| kind.starts_with(one))
}

/// Lists the tracks of subtitles.
pub(super) fn tracks(file: &mut (impl Read + Seek)) -> Result<Vec<Track>, VideoError> {
    let movie = Movie::read(file)?;
    Ok(movie.tracks.iter().map(|track| track.track(samples::count(file, track))).collect())
}

/// The subtitle tracks, without the numbers of their cues, and how many seconds the video plays.
pub(super) fn summary(file: &mut (impl Read + Seek)) -> Result<(Vec<Track>, Option<f64>), VideoError> {
    let movie = Movie::read(file)?;
    Ok((movie.tracks.iter().map(|track| track.track(None)).collect(), movie.seconds))
}

/// One track's blocks.
pub(super) fn blocks(file: &mut (impl Read + Seek), number: u64) -> Result<TrackBlocks, VideoError> {
    let mut movie = Movie::read(file)?;
    let at = movie.tracks.iter().position(|track| track.number == number).ok_or(VideoError::TrackMissing(number))?;
    let track = movie.tracks.swap_remove(at);
    let codec = track.text_codec().ok_or(VideoError::NotText(number))?;
    let milliseconds =
        |ticks: u64| u64::try_from(u128::from(ticks) * 1000 / u128::from(track.timescale)).unwrap_or(u64::MAX);
    let (mut blocks, mut is_truncated, mut budget) = (Vec::new(), movie.is_truncated, TextBudget::new());
    for sample in samples::samples(file, &movie, &track)? {
        let Some(bytes) = sample.bytes(file)? else {
            is_truncated = true;
            break;
        };
        budget.take(bytes.len())?;
        let start = milliseconds(sample.start).saturating_add_signed(track.offset);
        let end = milliseconds(sample.start.saturating_add(sample.duration)).saturating_add_signed(track.offset);
        let duration = end.saturating_sub(start);
        match codec {
            Codec::WebVtt => extend(&mut blocks, text::webvtt(&bytes, start, duration)),
            Codec::Ttml => blocks.push(Block { start, duration: Some(duration), data: bytes, addition: Vec::new() }),
            _ => {
                let shown = text::timed_text(&bytes);
                blocks.extend(shown.map(|data| Block { start, duration: Some(duration), data, addition: Vec::new() }));
            }
        }
    }
    let header = if codec == Codec::WebVtt { text::webvtt_header(&track.entry) } else { Vec::new() };
    Ok(TrackBlocks { codec, header, blocks, is_truncated })
}

/// A cue that goes on while others come and go is in every sample of its time: it becomes one again.
fn extend(blocks: &mut Vec<Block>, shown: Vec<Block>) {
    for block in shown {
        let end = |block: &Block| block.start.saturating_add(block.duration.unwrap_or_default());
        let same = blocks.iter_mut().rev().take(8).find(|before| {
            end(before) == block.start && before.data == block.data && before.addition == block.addition
        });
        match same {
            Some(before) => before.duration = Some(end(&block).saturating_sub(before.start)),
            None => blocks.push(block),
        }
    }
}
