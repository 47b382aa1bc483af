//! Matroska files made byte by byte (RFC 8794, RFC 9559), in the ways that different programs write them.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};

/// The size that an element of unknown size has.
const UNKNOWN: [u8; 8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

pub(crate) fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, &(content.len() as u64 | 1 << 56).to_be_bytes(), content].concat()
}

fn live(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, &UNKNOWN, content].concat()
}

/// Which elements have an unknown size, as recorders to a pipe leave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sizes {
    Known,
    UnknownSegment,
    UnknownClusters,
}

/// A track and its blocks: data and addition, one each three seconds.
#[derive(Clone)]
pub(crate) struct Track {
    pub(crate) codec: &'static str,
    pub(crate) language: Option<&'static str>,
    pub(crate) name: &'static str,
    pub(crate) more: Vec<u8>,
    pub(crate) blocks: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Track {
    /// A text track of `S_TEXT/UTF8`.
    pub(crate) fn text(language: &'static str, name: &'static str, lines: &[&str]) -> Self {
        let blocks = lines.iter().map(|line| (line.as_bytes().to_vec(), Vec::new())).collect();
        Self { codec: "S_TEXT/UTF8", language: Some(language), name, more: Vec::new(), blocks }
    }
}

/// Bytes as zlib packs them.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A track's encodings: one compression (0 is zlib, 3 takes its settings from the front of each block) with its settings.
pub(crate) fn encoding(algorithm: u8, settings: &[u8]) -> Vec<u8> {
    let compression = [element(&[0x42, 0x54], &[algorithm]), element(&[0x42, 0x55], settings)].concat();
    element(&[0x6D, 0x80], &element(&[0x62, 0x40], &element(&[0x50, 0x34], &compression)))
}

/// A file with these tracks, numbered from 1, and a cluster for each three seconds.
pub(crate) fn film(tracks: &[Track], sizes: Sizes) -> Vec<u8> {
    let header = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska"));
    let info = element(&[0x15, 0x49, 0xA9, 0x66], &element(&[0x2A, 0xD7, 0xB1], &1_000_000_u32.to_be_bytes()));
    let entry = |(at, track): (usize, &Track)| {
        let number = u8::try_from(at + 1).expect("few");
        let mut entry = [
            element(&[0xD7], &[number]),
            element(&[0x73, 0xC5], &[number]),
            element(&[0x83], &[17]),
            element(&[0x86], track.codec.as_bytes()),
            element(&[0x53, 0x6E], track.name.as_bytes()),
        ]
        .concat();
        entry.extend(
            track.language.map(|language| element(&[0x22, 0xB5, 0x9C], language.as_bytes())).unwrap_or_default(),
        );
        entry.extend(&track.more);
        element(&[0xAE], &entry)
    };
    let entries: Vec<u8> = tracks.iter().enumerate().flat_map(entry).collect();
    let most = tracks.iter().map(|track| track.blocks.len()).max().unwrap_or(0);
    let cluster = |at: usize| {
        let mut content = element(&[0xE7], &(at as u64 * 3_000).to_be_bytes());
        for (number, track) in (1_u8..).zip(tracks) {
            let Some((data, addition)) = track.blocks.get(at) else { continue };
            let block = [&[0x80 | number, 0, 100, 0][..], data].concat();
            let mut group = [element(&[0xA1], &block), element(&[0x9B], &2_000_u16.to_be_bytes())].concat();
            if !addition.is_empty() {
                group.extend(element(&[0x75, 0xA1], &element(&[0xA6], &element(&[0xA5], addition))));
            }
            content.extend(element(&[0xA0], &group));
        }
        let id = [0x1F, 0x43, 0xB6, 0x75];
        if sizes == Sizes::UnknownClusters { live(&id, &content) } else { element(&id, &content) }
    };
    let clusters: Vec<u8> = (0..most).flat_map(cluster).collect();
    let content = [info, element(&[0x16, 0x54, 0xAE, 0x6B], &entries), clusters].concat();
    let id = [0x18, 0x53, 0x80, 0x67];
    let segment = if sizes == Sizes::Known { element(&id, &content) } else { live(&id, &content) };
    [header, segment].concat()
}
