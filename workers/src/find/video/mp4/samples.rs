//! Where a track's samples are and when they show: the sample table, or the runs of fragments, come in. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

use mp4_atom::{Atom as _, Co64, Stco, Stsc, Stsz, StszSamples, Stts, Tfdt, Tfhd, Trun};

use super::{
    super::error::VideoError,
    boxes::{BoxAt, bytes, decoded, inside},
    movie::{Movie, TextTrack},
};

/// The most samples of a track, and the most bytes of one.
const MOST: usize = 500_000;
const LARGEST: u64 = 1 << 20;

/// One sample; times in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    at: u64,
    size: u64,
    pub(super) start: u64,
    pub(super) duration: u64,
}

impl Sample {
    /// `None` where the file ends before the sample does.
    pub(super) fn bytes(&self, file: &mut (impl Read + Seek)) -> Result<Option<Vec<u8>>, VideoError> {
        if self.size > LARGEST {
            return Err(VideoError::Damaged("a sample is larger than it can be"));
        }
        file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        let read = match file.take(self.size).read_to_end(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            read => read? as u64,
        };
        Ok((read == self.size).then_some(bytes))
    }
}

/// How many samples the table has.
pub(super) fn count(file: &mut (impl Read + Seek), track: &TextTrack) -> Option<u64> {
    let sizes = decoded::<Stsz>(file, track.table?, &[*b"stsz"]).ok()??;
    let count = match sizes.samples {
        StszSamples::Identical { count, .. } => u64::from(count),
        // Two bytes of length and no text: a gap between cues.
        StszSamples::Different { sizes } => sizes.into_iter().filter(|size| *size > 2).count() as u64,
    };
    (count > 0).then_some(count)
}

/// Every sample of a track, in the file's order.
pub(super) fn samples(
    file: &mut (impl Read + Seek),
    movie: &Movie,
    track: &TextTrack,
) -> Result<Vec<Sample>, VideoError> {
    let mut samples = match track.table {
        Some(table) => tabled(file, table)?,
        None => Vec::new(),
    };
    for moof in &movie.fragments {
        for traf in inside(file, *moof)?.into_iter().filter(|one| one.is(*b"traf")) {
            let next = samples.last().map_or(0, |last| last.start.saturating_add(last.duration));
            samples.extend(fragment(file, *moof, traf, track, next)?);
            if samples.len() >= MOST {
                return Ok(samples);
            }
        }
    }
    Ok(samples)
}

fn tabled(file: &mut (impl Read + Seek), table: BoxAt) -> Result<Vec<Sample>, VideoError> {
    let sizes: Vec<u32> = match decoded::<Stsz>(file, table, &[*b"stsz"])?.map(|stsz| stsz.samples) {
        Some(StszSamples::Different { sizes }) => sizes,
        Some(StszSamples::Identical { count, size }) => vec![size; usize::try_from(count).unwrap_or(MOST).min(MOST)],
        None => Vec::new(),
    };
    let chunks: Vec<u64> = match decoded::<Stco>(file, table, &[*b"stco"])? {
        Some(stco) => stco.entries.into_iter().map(u64::from).collect(),
        None => decoded::<Co64>(file, table, &[*b"co64"])?.map(|co64| co64.entries).unwrap_or_default(),
    };
    let runs = decoded::<Stsc>(file, table, &[*b"stsc"])?.map(|stsc| stsc.entries).unwrap_or_default();
    let times = decoded::<Stts>(file, table, &[*b"stts"])?.map(|stts| stts.entries).unwrap_or_default();
    let mut deltas = times.iter().flat_map(|entry| {
        std::iter::repeat_n(u64::from(entry.sample_delta), usize::try_from(entry.sample_count).unwrap_or(MOST))
    });
    let (mut samples, mut start) = (Vec::new(), 0_u64);
    let mut sizes = sizes.into_iter();
    for (index, chunk) in chunks.into_iter().enumerate() {
        // Chunks count from 1; each entry holds until the next one's first chunk.
        let run = runs.iter().rev().find(|run| u64::from(run.first_chunk) <= index as u64 + 1);
        let mut at = chunk;
        for _ in 0..run.map_or(0, |run| run.samples_per_chunk) {
            let (Some(size), true) = (sizes.next(), samples.len() < MOST) else { return Ok(samples) };
            let (size, duration) = (u64::from(size), deltas.next().unwrap_or(0));
            samples.push(Sample { at, size, start, duration });
            (at, start) = (at.saturating_add(size), start.saturating_add(duration));
        }
    }
    Ok(samples)
}

/// The samples of one fragment, which start at `next` unless it says otherwise; none if it is another track's.
fn fragment(
    file: &mut (impl Read + Seek),
    moof: BoxAt,
    traf: BoxAt,
    track: &TextTrack,
    next: u64,
) -> Result<Vec<Sample>, VideoError> {
    let Some(head) = decoded::<Tfhd>(file, traf, &[*b"tfhd"])? else { return Ok(Vec::new()) };
    if u64::from(head.track_id) != track.number {
        return Ok(Vec::new());
    }
    let base = head.base_data_offset.unwrap_or(moof.at);
    let defaults = (
        head.default_sample_duration.unwrap_or(track.defaults.0),
        head.default_sample_size.unwrap_or(track.defaults.1),
    );
    let decode_time = decoded::<Tfdt>(file, traf, &[*b"tfdt"])?;
    let (mut start, mut at) = (decode_time.map_or(next, |time| time.base_media_decode_time), base);
    let mut samples = Vec::new();
    for run in inside(file, traf)?.into_iter().filter(|one| one.is(*b"trun")) {
        let bytes = bytes(file, run)?;
        let Ok(run) = Trun::decode_body(&mut bytes.as_slice()) else { continue };
        if let Some(offset) = run.data_offset {
            at = base.saturating_add_signed(offset.into());
        }
        for one in run.samples.iter().take(MOST) {
            let (duration, size) = (one.duration.unwrap_or(defaults.0), one.size.unwrap_or(defaults.1));
            let (duration, size) = (u64::from(duration), u64::from(size));
            samples.push(Sample { at, size, start, duration });
            (at, start) = (at.saturating_add(size), start.saturating_add(duration));
        }
    }
    Ok(samples)
}
