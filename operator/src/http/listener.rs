//! Accepts connections and serves routes on them, so that nobody who connects can keep others out: a connection must send its
//! headers soon, ends after a while whatever it does, and both all connections and those of one source are limited. Called
//! by every role that serves HTTP. Does I/O.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections at the same time.
const CONNECTIONS: usize = 512;
/// Of one source.
const CONNECTIONS_OF_SOURCE: usize = 128;
/// The longest a request's headers may take, and a connection may be idle.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// The longest a connection may take.
const MAX_CONNECTION: Duration = Duration::from_secs(60);
/// The longest its last request may take after that.
const LAST_REQUEST: Duration = Duration::from_secs(15);
/// The most bytes of a request's headers.
const MAX_HEADERS: usize = 32 * 1024;
/// The most headers of a request.
const MOST_HEADERS: usize = 64;
/// How long to wait when the system has no more sockets.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// The address a request comes from, as an extension of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source(pub(super) IpAddr);

impl Source {
    /// A whole IPv6 network of 64 bits is one source: each of its hosts has as many addresses as it likes.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self(match address.ip().to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// Open connections by source.
#[derive(Clone, Default)]
struct Sources(Arc<Mutex<HashMap<Source, usize>>>);

/// One connection of a source, until it is dropped.
struct Place(Sources, Source);

impl Sources {
    /// `None` if the source has as many connections as it may have.
    fn enter(&self, source: Source) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(source).or_default();
        (*count < CONNECTIONS_OF_SOURCE).then(|| {
            *count += 1;
            Place(self.clone(), source)
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

/// Serves until `stop`, and then until the requests in progress are answered.
pub(super) async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let (permits, sources, connections) =
        (Arc::new(Semaphore::new(CONNECTIONS)), Sources::default(), TaskTracker::new());
    let next = async || {
        let permit = permits.clone().acquire_owned().await;
        (listener.accept().await, permit)
    };
    while let Some((accepted, permit)) = stop.run_until_cancelled(next()).await {
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let source = Source::new(address);
        let Some(place) = sources.enter(source) else { continue };
        let (routes, stop) = (routes.clone(), stop.clone());
        connections.spawn(async move {
            serve_connection(stream, source, routes, stop).await;
            drop((place, permit));
        });
    }
    connections.close();
    connections.wait().await;
}

async fn serve_connection(stream: TcpStream, source: Source, routes: Router, stop: CancellationToken) {
    let service = TowerToHyperService::new(routes.layer(Extension(source)));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(MAX_HEADERS)
        .max_headers(MOST_HEADERS);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // An error is the client's: it went away, or did not keep to a limit.
        _ = served.as_mut() => return,
        () = stop.cancelled() => {}
        () = sleep(MAX_CONNECTION) => {}
    }
    served.as_mut().graceful_shutdown();
    drop(timeout(LAST_REQUEST, served).await);
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn listening() -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
        tokio::spawn(serve(listener, Router::new().route("/", get(|| async { "here" })), stop.clone()));
        (address, stop)
    }

    async fn answer(stream: &mut TcpStream, request: &str) -> String {
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut bytes = vec![0; 4096];
        let read = stream.read(&mut bytes).await.expect("an answer");
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    }

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[tokio::test]
    async fn a_source_has_at_most_so_many_connections_and_each_that_ends_makes_room() {
        let (address, stop) = listening().await;
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS_OF_SOURCE {
            let mut stream = TcpStream::connect(address).await.expect("connects");
            assert!(answer(&mut stream, REQUEST).await.contains("here"));
            held.push(stream);
        }
        let mut refused = TcpStream::connect(address).await.expect("connects");
        assert_eq!(refused.read(&mut [0; 16]).await.unwrap_or(0), 0, "it is closed without an answer");
        held.pop();
        let answered = async {
            loop {
                let mut stream = TcpStream::connect(address).await.expect("connects");
                let _ = stream.write_all(REQUEST.as_bytes()).await;
                if stream.read(&mut [0; 16]).await.unwrap_or(0) > 0 {
                    break;
                }
            }
        };
        timeout(HEADERS_WITHIN / 2, answered).await.expect("a place is free again");
        stop.cancel();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_finish_its_headers_or_is_idle_is_closed() {
        let (address, _stop) = listening().await;
        for sent in ["GET / HTTP/1.1\r\nHost: a\r\nX", "", REQUEST] {
            let mut stream = TcpStream::connect(address).await.expect("connects");
            stream.write_all(sent.as_bytes()).await.expect("sent");
            let mut rest = Vec::new();
            let closed = timeout(HEADERS_WITHIN * 2, stream.read_to_end(&mut rest)).await;
            assert!(closed.is_ok(), "'{sent}' keeps its connection");
        }
    }

    #[tokio::test]
    async fn requests_with_too_large_headers_are_refused() {
        let (address, stop) = listening().await;
        let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(4 * MAX_HEADERS));
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: x\r\n".repeat(MOST_HEADERS + 1));
        for request in [long, many] {
            let mut stream = TcpStream::connect(address).await.expect("connects");
            let answer = answer(&mut stream, &request).await;
            assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
        stop.cancel();
    }

    #[test]
    fn one_ipv6_network_is_one_source() {
        let source = |text: &str| Source::new(SocketAddr::new(text.parse().expect("an address"), 1));
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:10.0.0.1"), source("10.0.0.1"));
        assert_ne!(source("10.0.0.1"), source("10.0.0.2"));
    }
}
