//! A web server that claims a film of one pebibyte and sends void elements for as long as it is asked.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::matroska::element;

const SIZE: u64 = 1 << 50;

pub(crate) struct Endless {
    pub(crate) address: SocketAddr,
    pub(crate) sent: Arc<AtomicU64>,
}

/// The film's bytes: a header, a segment of unknown size, then void elements of 16 bytes.
fn bytes(from: u64, length: u64) -> Vec<u8> {
    let mut head = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska"));
    head.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    let void = [&[0xEC, 0x8E][..], &[0; 14]].concat();
    let byte = |at: u64| {
        let at = usize::try_from(at).expect("64 bits");
        head.get(at).copied().unwrap_or_else(|| void[(at - head.len()) % void.len()])
    };
    (from..from + length).map(byte).collect()
}

fn serve(stream: TcpStream, sent: &AtomicU64) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let mut range = None;
        loop {
            let line = lines.next()?.ok()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            range = line.strip_prefix("range: bytes=").map(str::to_owned).or(range);
        }
        let (from, to) = range.as_deref()?.split_once('-')?;
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        let body = bytes(from, to + 1 - from);
        sent.fetch_add(body.len() as u64, Ordering::Relaxed);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{to}/{SIZE}\r\nContent-Length: {length}\r\n\r\n"
        );
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(&body).ok()?;
    }
}

impl Endless {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, sent) = (listener.local_addr().expect("bound"), Arc::new(AtomicU64::new(0)));
        let counted = sent.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sent = counted.clone();
                thread::spawn(move || serve(stream, &sent));
            }
        });
        Self { address, sent }
    }
}
