//! RabbitMQ and Redis from Debian's packages as processes of their own: own node name, ports and folder. Does I/O.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;

use crate::process::{Server, free_port, output, wait_until};

/// Where Debian's package has the programs that do not change their user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// A running RabbitMQ.
pub struct Broker {
    /// Where clients connect.
    pub url: String,
    /// The broker, before epmd.
    pub server: Server,
    /// Erlang's port mapper, its own.
    pub port_mapper: Server,
    folder: PathBuf,
    node: String,
    mapper_port: u16,
}

impl Broker {
    /// Starts one in `folder` on `port` and waits until it takes connections (about 7 s).
    pub fn start(folder: &Path, port: u16) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (mapper_port, distribution_port) = (free_port()?, free_port()?);
        let port_mapper = Server::start("epmd", Path::new("epmd"), folder, |command| {
            command.args(["-address", "127.0.0.1", "-port", &mapper_port.to_string()]);
        })?;
        fs::write(
            folder.join("rabbitmq.conf"),
            "raft.wal_max_size_bytes = 67108864\nvm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 100MB\n",
        )?;
        fs::write(folder.join("enabled_plugins"), "[].\n")?;
        let program = Path::new(PROGRAMS).join("rabbitmq-server");
        let node = format!("subtitles-{port}@localhost");
        let mut server = Server::start("rabbitmq", &program, folder, |command| {
            command
                .env("HOME", folder)
                .env("RUNNING_UNDER_SYSTEMD", "1") // it then replaces the shell, so that a signal reaches the broker
                .env("RABBITMQ_NODENAME", &node)
                .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
                .env("RABBITMQ_NODE_PORT", port.to_string())
                .env("RABBITMQ_DIST_PORT", distribution_port.to_string())
                .env("ERL_EPMD_PORT", mapper_port.to_string())
                .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
                .env("RABBITMQ_LOG_BASE", folder)
                .env("RABBITMQ_LOGS", "-")
                .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("enabled_plugins"))
                .env("RABBITMQ_PID_FILE", folder.join("rabbitmq.pid"));
        })?;
        let log = folder.join("rabbitmq.log");
        wait_until(&mut server, folder, Duration::from_secs(90), || {
            fs::read_to_string(&log).is_ok_and(|log| log.contains("Server startup complete"))
        })?;
        let (url, folder) = (format!("amqp://guest:guest@127.0.0.1:{port}/%2f"), folder.to_path_buf());
        Ok(Self { url, server, port_mapper, folder, node, mapper_port })
    }

    /// What `rabbitmqctl` prints for these arguments.
    pub fn control(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(Path::new(PROGRAMS).join("rabbitmqctl"));
        command.env("HOME", &self.folder).env("ERL_EPMD_PORT", self.mapper_port.to_string());
        output(command.args(["--node", &self.node, "--quiet"]).args(arguments))
    }
}

/// A running Redis.
pub struct Redis {
    /// Where clients connect.
    pub url: String,
    /// The server.
    pub server: Server,
}

impl Redis {
    /// Starts one in `folder` on `port` and waits until it takes connections.
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
