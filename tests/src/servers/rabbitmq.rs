//! RabbitMQ as a separate process with its own node name, ports and folder: 3.10 from Debian 12's package, or 4.0 in a root file
//! system of Debian 13, entered in a mount namespace that ends with the process. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Result, bail};

use crate::{
    process::{Server, free_port, output, wait_until},
    progress::print,
    servers::debian::SERVERS,
};

/// The folder of the package's programs that do not change their user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
/// The path of the broker's folder inside a root file system.
const INSIDE: &str = "/mnt";
/// Enters the root file system $1 with the folder $2 mounted in it, and executes the rest of the line.
const ENTER: &str = "root=$1; mount --bind \"$2\" \"$root/mnt\"; mount -t proc proc \"$root/proc\"; \
    mount --rbind /dev \"$root/dev\"; shift 2; exec chroot \"$root\" \"$@\"";

/// A RabbitMQ that can be started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// The installed package.
    #[default]
    Installed,
    /// The one in this root file system.
    Root(PathBuf),
}

impl Edition {
    /// The installed package, or Debian 13's with `SUBTITLE_RABBITMQ=4`.
    pub fn asked_for() -> Result<Self> {
        match std::env::var("SUBTITLE_RABBITMQ").as_deref() {
            Err(_) | Ok("3") => Ok(Self::Installed),
            Ok("4") => Ok(Self::Root(SERVERS.find_or_build(&print)?)),
            Ok(other) => {
                bail!("SUBTITLE_RABBITMQ is '{other}'; 3 (the installed package) and 4 (Debian 13's) are known")
            }
        }
    }

    /// The command line of one of RabbitMQ's programs, and `folder` as the program sees it.
    fn command(&self, program: &str, folder: &Path) -> (PathBuf, Vec<String>, PathBuf) {
        let program = format!("{PROGRAMS}/{program}");
        match self {
            Self::Installed => (program.into(), Vec::new(), folder.to_path_buf()),
            Self::Root(root) => {
                let (root, outside) = (root.display().to_string(), folder.display().to_string());
                let arguments = ["--mount", "sh", "-ec", ENTER, "sh", &root, &outside, &program];
                ("unshare".into(), arguments.map(str::to_owned).to_vec(), INSIDE.into())
            }
        }
    }
}

/// A running RabbitMQ.
pub struct Broker {
    /// The URL for clients.
    pub url: String,
    /// The broker, which ends before epmd.
    pub server: Server,
    /// The Erlang port mapper of this broker.
    pub port_mapper: Server,
    edition: Edition,
    folder: PathBuf,
    node: String,
    mapper_port: u16,
}

impl Broker {
    /// Starts a broker in `folder` on `port` and waits until it accepts connections (about 7 s).
    pub fn start(folder: &Path, port: u16) -> Result<Self> {
        let edition = Edition::asked_for()?;
        fs::create_dir_all(folder)?;
        let folder = &folder.canonicalize()?;
        let (mapper_port, distribution_port) = (free_port()?, free_port()?);
        let port_mapper = Server::start("epmd", Path::new("epmd"), folder, |command| {
            command.args(["-address", "127.0.0.1", "-port", &mapper_port.to_string()]);
        })?;
        fs::write(
            folder.join("rabbitmq.conf"),
            "raft.wal_max_size_bytes = 67108864\nvm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 100MB\n",
        )?;
        fs::write(folder.join("enabled_plugins"), "[].\n")?;
        let (program, arguments, own) = edition.command("rabbitmq-server", folder);
        let node = format!("subtitles-{port}@localhost");
        let mut server = Server::start("rabbitmq", &program, folder, |command| {
            command
                .args(arguments)
                .env("HOME", &own)
                .env("RUNNING_UNDER_SYSTEMD", "1") // it then replaces the shell, so that a signal reaches the broker
                .env("RABBITMQ_NODENAME", &node)
                .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
                .env("RABBITMQ_NODE_PORT", port.to_string())
                .env("RABBITMQ_DIST_PORT", distribution_port.to_string())
                .env("ERL_EPMD_PORT", mapper_port.to_string())
                .env("RABBITMQ_MNESIA_BASE", own.join("mnesia"))
                .env("RABBITMQ_LOG_BASE", &own)
                .env("RABBITMQ_LOGS", "-")
                .env("RABBITMQ_CONFIG_FILE", own.join("rabbitmq.conf"))
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", own.join("enabled_plugins"))
                .env("RABBITMQ_PID_FILE", own.join("rabbitmq.pid"));
        })?;
        let log = folder.join("rabbitmq.log");
        wait_until(&mut server, folder, Duration::from_secs(90), || {
            fs::read_to_string(&log).is_ok_and(|log| log.contains("Server startup complete"))
        })?;
        let (url, folder) = (format!("amqp://guest:guest@127.0.0.1:{port}/%2f"), folder.clone());
        Ok(Self { url, server, port_mapper, edition, folder, node, mapper_port })
    }

    /// Flushes the broker's tables, after which it can be killed: RabbitMQ (3.10.8 and 4.0.5) writes the names of quorum queues and
    /// streams to disk only after a quiet moment; killed before, it comes back with queues that are permanently unusable, which most
    /// tests are not about.
    pub fn flush_metadata(&self) -> Result<()> {
        self.rabbitmqctl(&["eval", "[dets:sync(Table) || Table <- dets:all()], ok."]).map(drop)
    }

    /// Flushes the tables and sends SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.flush_metadata()?;
        self.server.kill();
        Ok(())
    }

    /// The log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("rabbitmq.log")).unwrap_or_default()
    }

    /// The output of `rabbitmqctl` with these arguments.
    pub fn rabbitmqctl(&self, arguments: &[&str]) -> Result<String> {
        let (program, prefix, own) = self.edition.command("rabbitmqctl", &self.folder);
        let mut command = Command::new(program);
        command.args(prefix).env("HOME", own).env("ERL_EPMD_PORT", self.mapper_port.to_string());
        output(command.args(["--node", &self.node, "--quiet"]).args(arguments))
    }
}
