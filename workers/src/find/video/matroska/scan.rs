//! A track's blocks from start to end, seeking past the others. Clusters and segments of unknown size, as in live
//! recordings, end where the next one begins; a file that is truncated or still growing is read as far as it goes. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

use super::{
    super::{error::VideoError, track::TextBudget},
    block::{MAX_BLOCK_BYTES, ParsedBlock},
    ebml::{Element, content, number, read_element_header, skip_to, unsigned},
    header::Header,
    ids,
};

/// What a scan found.
pub(super) struct ScanResult {
    /// The blocks with their timestamps, in ticks.
    pub(super) blocks: Vec<(u64, ParsedBlock)>,
    /// Whether blocks may be missing: the file ends too early, or one is damaged.
    pub(super) is_truncated: bool,
}

/// Every block of `track`, in file order.
pub(super) fn scan_file(file: &mut (impl Read + Seek), header: &Header, track: u64) -> Result<ScanResult, VideoError> {
    let length = file.seek(SeekFrom::End(0))?;
    let is_truncated = header.is_truncated;
    let Some(first) = header.first_cluster else { return Ok(ScanResult { blocks: Vec::new(), is_truncated }) };
    let mut budget = TextBudget::new();
    let mut scan = Scan { track, cluster_timestamp: 0, blocks: Vec::new(), is_truncated, budget: &mut budget };
    scan.elements(file, first, length, |_| false)?;
    Ok(ScanResult { blocks: scan.blocks, is_truncated: scan.is_truncated })
}

/// Every block of `track` in one cluster.
pub(super) fn scan_cluster(
    file: &mut (impl Read + Seek),
    cluster: Element,
    track: u64,
    budget: &mut TextBudget,
) -> Result<ScanResult, VideoError> {
    let mut scan = Scan { track, cluster_timestamp: 0, blocks: Vec::new(), is_truncated: false, budget };
    let end = cluster.end().unwrap_or(u64::MAX);
    // Elements of another level: the cluster had no end of its own.
    let is_outside = |id| [ids::CLUSTER, ids::CUES, ids::TAGS].contains(&id);
    scan.elements(file, cluster.data_start, end, is_outside)?;
    Ok(ScanResult { blocks: scan.blocks, is_truncated: scan.is_truncated })
}

struct Scan<'a> {
    track: u64,
    /// The current cluster's timestamp, in ticks.
    cluster_timestamp: u64,
    blocks: Vec<(u64, ParsedBlock)>,
    is_truncated: bool,
    budget: &'a mut TextBudget,
}

impl Scan<'_> {
    /// Reads elements up to `end`, to one that `is_outside`, or up to the first truncated one. Nesting is inferred from
    /// element ids, so elements of unknown size need no special handling.
    fn elements(
        &mut self,
        file: &mut (impl Read + Seek),
        mut at: u64,
        end: u64,
        is_outside: impl Fn(u32) -> bool,
    ) -> Result<(), VideoError> {
        file.seek(SeekFrom::Start(at))?;
        while at < end {
            let element = match read_element_header(file) {
                Ok(element) => element,
                Err(error) if is_eof_or_corrupt(&error) => {
                    self.is_truncated = true;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            if is_outside(element.id) {
                return Ok(());
            }
            let read = match element.id {
                // Entered rather than skipped; a file may hold several segments.
                ids::CLUSTER | ids::SEGMENT => {
                    at = element.data_start;
                    continue;
                }
                ids::TIMESTAMP => self.timestamp(file, element),
                ids::BLOCK_GROUP | ids::SIMPLE_BLOCK if element.size <= MAX_BLOCK_BYTES => self.block(file, element),
                _ => Ok(()),
            };
            match read {
                Err(VideoError::Read(error)) if is_eof_or_corrupt(&error) => {
                    self.is_truncated = true;
                    return Ok(());
                }
                read => read?,
            }
            let Some(next_offset) = element.end().filter(|next_offset| *next_offset <= end) else {
                self.is_truncated = true;
                return Ok(());
            };
            skip_to(file, next_offset)?;
            at = next_offset;
        }
        Ok(())
    }

    fn timestamp(&mut self, file: &mut impl Read, of: Element) -> Result<(), VideoError> {
        self.cluster_timestamp = unsigned(&content(file, of.size, 8)?);
        Ok(())
    }

    /// Reads a block if it is the track's; in a group, other elements may precede it. A damaged one is left out.
    fn block(&mut self, file: &mut (impl Read + Seek), of: Element) -> Result<(), VideoError> {
        let begin = file.stream_position()?;
        if of.id == ids::BLOCK_GROUP && !seek_to_block(file, begin + of.size)? {
            return Ok(());
        }
        if number(file, false)? != self.track {
            return Ok(());
        }
        file.seek(SeekFrom::Start(begin))?;
        let bytes = content(file, of.size, MAX_BLOCK_BYTES)?;
        self.budget.take(bytes.len())?;
        match ParsedBlock::read(of.id, &bytes) {
            Ok(Some(block)) => {
                self.blocks.push((self.cluster_timestamp.saturating_add_signed(block.time.into()), block));
            }
            Ok(None) => {}
            Err(_) => self.is_truncated = true,
        }
        Ok(())
    }
}

/// Whether the file ended or what follows is not valid EBML.
fn is_eof_or_corrupt(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData)
}

/// Seeks to the content of a group's block, past the elements before it; false if the group ends first.
fn seek_to_block(file: &mut (impl Read + Seek), end: u64) -> io::Result<bool> {
    loop {
        let child = read_element_header(file)?;
        if child.id == ids::BLOCK {
            return Ok(true);
        }
        let Some(next) = child.end().filter(|next| *next < end) else { return Ok(false) };
        skip_to(file, next)?;
    }
}
