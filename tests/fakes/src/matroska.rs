//! A large Matroska file on a real socket, stored as a few pieces with zeros between them: the server answers Range requests
//! and counts the bytes it sends. Does I/O.

use std::{
    collections::BTreeMap,
    future::IntoFuture as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

/// An EBML element with an eight-byte size.
pub fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    [&head(id, content.len() as u64), content].concat()
}

fn head(id: &[u8], size: u64) -> Vec<u8> {
    [id, &(size | 1 << 56).to_be_bytes()].concat()
}

fn unsigned(id: &[u8], number: u64) -> Vec<u8> {
    element(id, &number.to_be_bytes())
}

/// One subtitle track.
pub struct Track {
    pub number: u8,
    pub codec: &'static str,
    pub language: Option<&'static str>,
    /// Further elements of its entry, such as flags.
    pub more: Vec<u8>,
}

/// How the index (Cues) is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// As mkvmerge and ffmpeg do: each subtitle with its position in the cluster.
    Exact,
    /// Subtitles with the position of their cluster only.
    Clusters,
    /// Only the video track.
    Pictures,
}

/// A video file: its pieces by offset, and its size in bytes.
pub struct Film {
    pieces: BTreeMap<u64, Vec<u8>>,
    pub size: u64,
}

impl Film {
    /// `clusters` clusters of `filler` bytes of video each, with a subtitle of every track in it.
    pub fn new(tracks: &[Track], index: Index, clusters: u64, filler: u64, text: impl Fn(u8, u64) -> String) -> Self {
        let versions = [element(&[0x42, 0x87], &[4]), element(&[0x42, 0x85], &[2])].concat();
        let header = element(&[0x1A, 0x45, 0xDF, 0xA3], &[element(&[0x42, 0x82], b"matroska"), versions].concat());
        let names = [element(&[0x4D, 0x80], b"test"), element(&[0x57, 0x41], b"test")].concat();
        let info = element(&[0x15, 0x49, 0xA9, 0x66], &[unsigned(&[0x2A, 0xD7, 0xB1], 1_000_000), names].concat());
        let entries: Vec<u8> = tracks.iter().flat_map(entry).collect();
        let tracks_element = element(&[0x16, 0x54, 0xAE, 0x6B], &entries);
        // Positions always take eight bytes, so the length of the seek head is known before the positions are.
        let seek_head = |info: u64, tracks: u64, cues: u64| {
            let positions = [(0x1549_A966_u32, info), (0x1654_AE6B, tracks), (0x1C53_BB6B, cues)];
            let seeks = positions.map(|(id, at)| {
                let seek = [element(&[0x53, 0xAB], &id.to_be_bytes()), unsigned(&[0x53, 0xAC], at)].concat();
                element(&[0x4D, 0xBB], &seek)
            });
            // A checksum first, as ffmpeg writes one.
            let checksum = element(&[0xBF], &[0xFF; 4]);
            element(&[0x11, 0x4D, 0x9B, 0x74], &[checksum, seeks.concat()].concat())
        };
        let info_at = seek_head(0, 0, 0).len() as u64;
        let tracks_at = info_at + info.len() as u64;
        let segment = header.len() as u64 + 12;
        let mut at = tracks_at + tracks_element.len() as u64;
        let (mut pieces, mut points) = (BTreeMap::new(), Vec::new());
        for cluster in 0..clusters {
            let mut content = unsigned(&[0xE7], cluster * 5_000);
            content.extend(head(&[0xA3], filler + 4));
            content.extend([0x80 | 9, 0, 0, 0x80]);
            let mut after = Vec::new();
            for track in tracks {
                let relative = content.len() as u64 + filler + after.len() as u64;
                let block = [&[0x80 | track.number, 0, 100, 0][..], text(track.number, cluster).as_bytes()].concat();
                let group = [element(&[0xA1], &block), unsigned(&[0x9B], 900)].concat();
                after.extend(element(&[0xA0], &group));
                if index != Index::Pictures {
                    points.extend(point(
                        track.number,
                        cluster * 5_000 + 100,
                        at,
                        (index == Index::Exact).then_some(relative),
                    ));
                }
            }
            points.extend(point(9, cluster * 5_000, at, None));
            let size = content.len() as u64 + filler + after.len() as u64;
            let start = [head(&[0x1F, 0x43, 0xB6, 0x75], size), content].concat();
            let end = segment + at + start.len() as u64 + filler;
            pieces.insert(segment + at, start);
            pieces.insert(end, after);
            at += size + 12;
        }
        let cues = element(&[0x1C, 0x53, 0xBB, 0x6B], &points);
        let size = segment + at + cues.len() as u64;
        pieces.insert(segment + at, cues);
        let begin = [
            header,
            head(&[0x18, 0x53, 0x80, 0x67], size - segment),
            seek_head(info_at, tracks_at, at),
            info,
            tracks_element,
        ];
        pieces.insert(0, begin.concat());
        Self { pieces, size }
    }

    fn bytes(&self, from: u64, to: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(to - from).expect("small")];
        let before = self.pieces.range(..from).next_back();
        for (at, piece) in before.into_iter().chain(self.pieces.range(from..to)) {
            for (offset, byte) in piece.iter().enumerate() {
                let index = (at + offset as u64).checked_sub(from).and_then(|index| usize::try_from(index).ok());
                if let Some(target) = index.and_then(|index| bytes.get_mut(index)) {
                    *target = *byte;
                }
            }
        }
        bytes
    }

    /// Serves the file on a free port; returns the address and a counter of the bytes sent.
    pub async fn serve(self) -> (SocketAddr, Arc<AtomicU64>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let sent = Arc::new(AtomicU64::new(0));
        let state = (Arc::new(self), sent.clone());
        let routes = Router::new()
            .route("/film.mkv", get(answer))
            .route("/whole.mkv", get(|| async { "no ranges here" }))
            .route(
                "/inward.mkv",
                get(|| async { (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/latest")]) }),
            )
            .route("/file.mkv", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "file:///etc/passwd")]) }))
            .with_state(state);
        tokio::spawn(axum::serve(listener, routes).into_future());
        (address, sent)
    }
}

fn point(track: u8, time: u64, cluster: u64, relative: Option<u64>) -> Vec<u8> {
    let relative = relative.map(|relative| unsigned(&[0xF0], relative)).unwrap_or_default();
    let positions = [unsigned(&[0xF7], track.into()), unsigned(&[0xF1], cluster), relative].concat();
    element(&[0xBB], &[unsigned(&[0xB3], time), element(&[0xB7], &positions)].concat())
}

fn entry(track: &Track) -> Vec<u8> {
    let language = track.language.map(|tag| element(&[0x22, 0xB5, 0x9C], tag.as_bytes())).unwrap_or_default();
    let entry = [
        element(&[0xD7], &[track.number]),
        element(&[0x73, 0xC5], &[track.number]),
        element(&[0x83], &[17]),
        element(&[0x86], track.codec.as_bytes()),
        language,
        track.more.clone(),
    ];
    element(&[0xAE], &entry.concat())
}

async fn answer(State((film, sent)): State<(Arc<Film>, Arc<AtomicU64>)>, headers: HeaderMap) -> Response {
    let range =
        headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let Some((from, to)) = range else { return StatusCode::BAD_REQUEST.into_response() };
    let (Ok(from), Ok(to)) = (from.parse::<u64>(), to.parse::<u64>()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let to = (to + 1).min(film.size);
    let bytes = film.bytes(from, to);
    sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    let range = format!("bytes {from}-{}/{}", to - 1, film.size);
    let headers = [(header::CONTENT_RANGE, range), (header::ETAG, "\"one\"".to_owned())];
    (StatusCode::PARTIAL_CONTENT, headers, bytes).into_response()
}
