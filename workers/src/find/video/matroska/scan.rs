//! A track's blocks from start to end, hopping over the others. Clusters and segments of unknown size, as live recordings
//! have them, end where the next one begins; a file that is cut or still growing is read as far as it goes. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

use super::{
    super::{error::VideoError, track::TextBudget},
    block::{LARGEST, ParsedBlock},
    ebml::{Element, content, element, next, number, skip_to, unsigned},
    header::Header,
    ids,
};

/// The blocks with their times, and whether the file ends too early.
pub(super) type Scanned = (Vec<(u64, ParsedBlock)>, bool);

/// Every block of the tracks in the file's order.
pub(super) fn whole(file: &mut (impl Read + Seek), header: &Header, track: u64) -> Result<Scanned, VideoError> {
    let length = file.seek(SeekFrom::End(0))?;
    let Some(first) = header.first_cluster else { return Ok((Vec::new(), header.is_cut)) };
    let mut budget = TextBudget::new();
    let mut scan = Scan { track, time: 0, blocks: Vec::new(), is_cut: header.is_cut, budget: &mut budget };
    scan.elements(file, first, length, |_| false)?;
    Ok((scan.blocks, scan.is_cut))
}

/// Every block of the track in one cluster.
pub(super) fn cluster(
    file: &mut (impl Read + Seek),
    cluster: Element,
    track: u64,
    budget: &mut TextBudget,
) -> Result<Vec<(u64, ParsedBlock)>, VideoError> {
    let mut scan = Scan { track, time: 0, blocks: Vec::new(), is_cut: false, budget };
    let end = cluster.end().unwrap_or(u64::MAX);
    // Elements of another level: the cluster had no end of its own.
    let is_outside = |id| [ids::CLUSTER, ids::CUES, ids::TAGS].contains(&id);
    scan.elements(file, cluster.inside, end, is_outside)?;
    Ok(scan.blocks)
}

struct Scan<'a> {
    track: u64,
    /// The cluster's, in ticks.
    time: u64,
    blocks: Vec<(u64, ParsedBlock)>,
    is_cut: bool,
    budget: &'a mut TextBudget,
}

impl Scan<'_> {
    /// Reads elements up to `end`, to one that `is_outside`, or to the first that is not there in whole. Levels are told by
    /// ids alone, so that unknown sizes need no care.
    fn elements(
        &mut self,
        file: &mut (impl Read + Seek),
        mut at: u64,
        end: u64,
        is_outside: impl Fn(u32) -> bool,
    ) -> Result<(), VideoError> {
        file.seek(SeekFrom::Start(at))?;
        while at < end {
            let element = match next(file) {
                Ok(element) => element,
                Err(error) if is_end(&error) => return self.cut(),
                Err(error) => return Err(error.into()),
            };
            if is_outside(element.id) {
                return Ok(());
            }
            let read = match element.id {
                // Entered rather than skipped; a file may hold several segments.
                ids::CLUSTER | ids::SEGMENT => {
                    at = element.inside;
                    continue;
                }
                ids::TIMESTAMP => self.timestamp(file, element),
                ids::BLOCK_GROUP | ids::SIMPLE_BLOCK if element.size <= LARGEST => self.block(file, element),
                _ => Ok(()),
            };
            match read {
                Err(VideoError::Read(error)) if is_end(&error) => return self.cut(),
                read => read?,
            }
            let Some(next) = element.end() else { return self.cut() };
            if next > end {
                return self.cut();
            }
            skip_to(file, next)?;
            at = next;
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends a function that returns it")]
    fn cut(&mut self) -> Result<(), VideoError> {
        self.is_cut = true;
        Ok(())
    }

    fn timestamp(&mut self, file: &mut impl Read, of: Element) -> Result<(), VideoError> {
        self.time = unsigned(&content(file, of.size, 8)?);
        Ok(())
    }

    /// Reads a block if it is the track's; a group has it first.
    fn block(&mut self, file: &mut (impl Read + Seek), of: Element) -> Result<(), VideoError> {
        let begin = file.stream_position()?;
        if of.id == ids::BLOCK_GROUP && element(file)?.0 != ids::BLOCK {
            return Ok(());
        }
        if number(file, false)? != self.track {
            return Ok(());
        }
        file.seek(SeekFrom::Start(begin))?;
        let bytes = content(file, of.size, LARGEST)?;
        self.budget.take(bytes.len())?;
        if let Some(block) = ParsedBlock::read(of.id, &bytes)? {
            self.blocks.push((self.time.saturating_add_signed(block.time.into()), block));
        }
        Ok(())
    }
}

/// Whether the bytes ended, or what follows is no structure any more.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData)
}
