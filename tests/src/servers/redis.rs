//! Redis from Debian's package as a separate process with its own port and folder. Does I/O.

use std::{fs, net::TcpStream, path::Path, time::Duration};

use anyhow::Result;

use crate::process::{Server, wait_until};

/// A running Redis.
pub struct Redis {
    /// The URL for clients.
    pub url: String,
    /// The server.
    pub server: Server,
}

impl Redis {
    /// Starts a server in `folder` on `port` and waits until it accepts connections.
    pub fn start(folder: &Path, port: u16) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut server = Server::start("redis", Path::new("redis-server"), folder, |command| {
            command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
            command.args(["--appendonly", "yes", "--maxmemory-policy", "noeviction"]).arg("--dir").arg(folder);
        })?;
        wait_until(&mut server, folder, Duration::from_secs(20), || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { url: format!("redis://127.0.0.1:{port}/"), server })
    }
}
