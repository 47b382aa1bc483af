//! A track's blocks by the file's index (RFC 9559 §5.1.5, Cues): only the parts that hold the track are read. Serves files
//! behind HTTP. Does I/O.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    super::{error::VideoError, track::TextBudget},
    block::{MAX_BLOCK_BYTES, ParsedBlock},
    ebml::{child, children, content, element_at, unsigned},
    header::Header,
    ids,
    scan::{self, ScanResult},
};

/// The largest index that is read into memory, in bytes.
const LARGEST_INDEX: u64 = 16 << 20;

/// Where one block of the track is.
#[derive(Debug)]
struct Point {
    time: u64,
    duration: Option<u64>,
    cluster: u64,
    relative: Option<u64>,
}

/// How many entries the index has for each track that it lists.
pub(super) fn counts(file: &mut (impl Read + Seek), header: &Header) -> Option<Vec<(u64, u64)>> {
    let bytes = index(file, header).ok()??;
    let mut counts: Vec<(u64, u64)> = Vec::new();
    for (track, _) in all_points(&bytes) {
        match counts.iter_mut().find(|(known, _)| *known == track) {
            Some((_, count)) => *count += 1,
            None => counts.push((track, 1)),
        }
    }
    Some(counts)
}

fn index(file: &mut (impl Read + Seek), header: &Header) -> Result<Option<Vec<u8>>, VideoError> {
    let Some(at) = header.cues else { return Ok(None) };
    let element = element_at(file, at)?;
    if element.id != ids::CUES {
        return Err(VideoError::Damaged("its index is not where it says"));
    }
    Ok(Some(content(file, element.size, LARGEST_INDEX)?))
}

/// The track's blocks, in order of time.
pub(super) fn blocks(file: &mut (impl Read + Seek), header: &Header, track: u64) -> Result<ScanResult, VideoError> {
    let bytes = index(file, header)?.ok_or(VideoError::NotIndexed)?;
    let points: Vec<Point> =
        all_points(&bytes).into_iter().filter(|(of, _)| *of == track).map(|(_, point)| point).collect();
    if points.is_empty() {
        return Err(VideoError::NotIndexed);
    }
    let (mut blocks, mut is_truncated) = (Vec::new(), false);
    let (mut walked, mut budget) = (BTreeSet::new(), TextBudget::new());
    for point in points {
        let cluster = element_at(file, header.segment.saturating_add(point.cluster))?;
        if cluster.id != ids::CLUSTER {
            return Err(VideoError::Damaged("its index leads to no cluster"));
        }
        match point.relative {
            Some(relative) => {
                let element = element_at(file, cluster.data_start.saturating_add(relative))?;
                let bytes = content(file, element.size, MAX_BLOCK_BYTES)?;
                budget.take(bytes.len())?;
                let block = ParsedBlock::read(element.id, &bytes)?.filter(|block| block.track == track);
                let mut block = block.ok_or(VideoError::Damaged("its index leads to no block of the track"))?;
                block.duration = block.duration.or(point.duration);
                blocks.push((point.time, block));
            }
            None if walked.insert(point.cluster) => {
                let scanned = scan::scan_cluster(file, cluster, track, &mut budget)?;
                blocks.extend(scanned.blocks);
                is_truncated |= scanned.is_truncated;
            }
            None => {}
        }
    }
    blocks.sort_by_key(|(time, _)| *time);
    Ok(ScanResult { blocks, is_truncated })
}

/// The index's points with their tracks.
fn all_points(cues: &[u8]) -> Vec<(u64, Point)> {
    let mut points = Vec::new();
    for (_, point) in children(cues).into_iter().filter(|(id, _)| *id == ids::CUE_POINT) {
        let fields = children(point);
        let time = child(&fields, ids::CUE_TIME).map_or(0, unsigned);
        for (_, positions) in fields.iter().filter(|(id, _)| *id == ids::CUE_TRACK_POSITIONS) {
            let fields = children(positions);
            let field = |id| child(&fields, id).map(unsigned);
            if let (Some(track), Some(cluster)) = (field(ids::CUE_TRACK), field(ids::CUE_CLUSTER_POSITION)) {
                let (duration, relative) = (field(ids::CUE_DURATION), field(ids::CUE_RELATIVE_POSITION));
                points.push((track, Point { time, duration, cluster, relative }));
            }
        }
    }
    points
}
