//! A TCP proxy whose connections can be cut, as when a machine in between dies, or held, as when a firewall drops packets: then
//! nothing is refused and nothing arrives until it is released. Does I/O.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result};

#[derive(Default)]
struct State {
    is_held: Mutex<bool>,
    let_go: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

/// A proxy from one loopback port to another, for as long as this process runs.
pub struct Proxy {
    /// The port to connect to.
    pub port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Starts to listen.
    pub fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("failed to listen for a proxy")?;
        let (port, state) = (listener.local_addr()?.port(), Arc::<State>::default());
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Who is not there refuses: so does the way to it.
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let _ = shared.join(&client, &server);
            }
        });
        Ok(Self { port, state })
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        for connection in self.state.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Holds all traffic, or releases it.
    pub fn hold(&self, is_held: bool) {
        *self.state.is_held.lock().unwrap_or_else(PoisonError::into_inner) = is_held;
        self.state.let_go.notify_all();
    }
}

impl State {
    fn join(self: &Arc<Self>, client: &TcpStream, server: &TcpStream) -> Result<()> {
        for socket in [client, server] {
            socket.set_nodelay(true)?;
            self.open.lock().unwrap_or_else(PoisonError::into_inner).push(socket.try_clone()?);
        }
        for (from, to) in [(client, server), (server, client)] {
            let (from, to, state) = (from.try_clone()?, to.try_clone()?, self.clone());
            thread::spawn(move || state.pump(from, to));
        }
        Ok(())
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let held = self.is_held.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.let_go.wait_while(held, |is_held| *is_held));
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_held_arrives_when_it_is_let_go_and_what_is_cut_ends() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Proxy::start(server.local_addr().expect("bound").port()).expect("starts");
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port)).expect("connects");
        let (mut other, _) = server.accept().expect("arrives");
        let mut byte = [0];
        client.write_all(b"a").expect("sent");
        other.read_exact(&mut byte).expect("arrives");
        proxy.hold(true);
        client.write_all(b"b").expect("taken");
        other.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
        assert!(other.read_exact(&mut byte).is_err(), "nothing gets through");
        proxy.hold(false);
        other.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        other.read_exact(&mut byte).expect("it was only held");
        assert_eq!(byte, *b"b");
        proxy.cut();
        assert!(matches!(other.read(&mut byte), Ok(0) | Err(_)), "cut");
    }
}
