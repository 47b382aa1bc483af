//! Matroska's and WebM's subtitle tracks (RFC 9559 and the codec mappings of its subtitle pages): a seekable file comes in,
//! tracks or one track's blocks go out. One reader for whole files, for parts behind HTTP and for files that are cut or
//! still growing. Does I/O.

mod block;
mod ebml;
mod entry;
mod header;
mod ids;
mod index;
mod scan;

use std::io::{Read, Seek};

use super::{
    error::VideoError,
    reading::Reading,
    track::{Block, TextBudget, Track, TrackBlocks},
};
use block::ParsedBlock;
use header::Header;

fn header(file: &mut (impl Read + Seek)) -> Result<Header, VideoError> {
    Header::read(file)?.ok_or(VideoError::Damaged("it has no segment"))
}

/// Lists the subtitle tracks.
pub(super) fn tracks(file: &mut (impl Read + Seek)) -> Result<Vec<Track>, VideoError> {
    let header = header(file)?;
    // The index costs a read, which only pays where tracks have to be compared.
    let is_counted =
        header.entries.iter().filter_map(|entry| entry.track(None)).count() < 2 || !header.frames.is_empty();
    let indexed = if is_counted { None } else { index::counts(file, &header) }.unwrap_or_default();
    let cues = |entry: &entry::Entry| {
        let indexed = || indexed.iter().find(|(track, _)| *track == entry.number).map(|(_, count)| *count);
        header.frames.get(&entry.uid).copied().or_else(indexed)
    };
    Ok(header.entries.iter().filter_map(|entry| entry.track(cues(entry))).collect())
}

/// The subtitle tracks, without the numbers of their cues, and how many seconds the video plays.
pub(super) fn summary(file: &mut (impl Read + Seek)) -> Result<(Vec<Track>, Option<f64>), VideoError> {
    let header = header(file)?;
    Ok((header.entries.iter().filter_map(|entry| entry.track(None)).collect(), header.seconds()))
}

/// The video's frames per second; `None` where the file does not tell.
pub(super) fn frame_rate(file: &mut (impl Read + Seek)) -> Option<f64> {
    header(file).ok()?.entries.iter().find_map(entry::Entry::frame_rate)
}

/// One track's blocks.
pub(super) fn blocks(file: &mut (impl Read + Seek), number: u64, reading: Reading) -> Result<TrackBlocks, VideoError> {
    let header = header(file)?;
    let entry = header.entries.iter().find(|entry| entry.number == number).ok_or(VideoError::TrackMissing(number))?;
    let codec = entry.codec().ok_or(VideoError::NotText(number))?;
    let scan::ScanResult { blocks: parsed, is_truncated } = match reading {
        Reading::Whole => scan::scan_file(file, &header, number)?,
        Reading::ByIndex => {
            let indexed = index::blocks(file, &header, number)?;
            if let Some(all) = header.frames.get(&entry.uid).copied().filter(|all| *all > indexed.blocks.len() as u64) {
                return Err(VideoError::PartlyIndexed { listed: indexed.blocks.len(), all });
            }
            indexed
        }
    };
    // What was packed has a budget of its own: plain blocks would be counted twice.
    let mut budget = TextBudget::new();
    let unpacked = |(time, block): (u64, ParsedBlock)| {
        let block: Block = block.decode(time, header.tick, entry)?;
        budget.take(block.data.len())?;
        Ok(block)
    };
    let blocks = parsed.into_iter().map(unpacked).collect::<Result<_, VideoError>>()?;
    Ok(TrackBlocks { codec, header: entry.private.clone(), blocks, is_truncated })
}
