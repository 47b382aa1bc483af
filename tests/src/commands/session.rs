//! A development session: the whole system, running in the background; a lock file, a process group and a file of addresses
//! identify it. Does I/O.
//!
//! ```text
//!   demo, up ──starts──▶ serve (leads its own process group) ──▶ servers, operator, workers
//!       └── a pipe: "keep" keeps it running; closed without it, everything ends
//! ```

use std::{
    fs::{self, File, TryLockError},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use subtitle_tests::{
    cache,
    kubernetes::node,
    limit::AwakeTimeout,
    process::{eventually, output},
    progress::board::Board,
    usage,
};

/// The folder of a session and the cluster it uses.
#[derive(Args, Clone)]
pub(crate) struct SessionArgs {
    /// Keep the session's files here instead of ~/.cache/subtitles/dev; one session per folder
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Install the chart in the cluster of this kubectl context instead of running processes; the images have to be
    /// there: `cargo dev image`, then for example `kind load image-archive`
    #[arg(long)]
    pub(crate) context: Option<String>,
    /// Run everything as pods on a Kubernetes node in namespaces of its own, installed from the chart; takes root
    #[arg(long, conflicts_with = "context")]
    pub(crate) node: bool,
}

/// The paths and addresses of a running session.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) kubeconfig: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) api: String,
    pub(crate) broker_url: String,
    pub(crate) redis_url: String,
    /// The video library, if it is a folder of this machine.
    pub(crate) library: Option<PathBuf>,
    /// Helm, if the chart is installed.
    #[serde(default)]
    pub(crate) helm: Option<PathBuf>,
    /// Whether the translator has Firefox's models.
    #[serde(default)]
    pub(crate) has_models: bool,
}

impl Session {
    /// kubectl for this session's cluster.
    pub(crate) fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }
}

impl SessionArgs {
    /// The session's folder.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        match &self.folder {
            Some(folder) => Ok(std::path::absolute(folder)?),
            None => Ok(cache()?.join("dev")),
        }
    }

    /// The name of this session's node.
    pub(crate) fn node_name(&self) -> Result<String> {
        let mut digest = DefaultHasher::new();
        self.folder()?.hash(&mut digest);
        // Its network device is subs-NAME, and device names are limited to 15 characters.
        Ok(format!("{:08x}", digest.finish() & 0xffff_ffff))
    }

    /// The argument with which other commands refer to this session, after a space; empty for the usual folder.
    pub(crate) fn folder_argument(&self) -> String {
        self.folder.as_ref().map_or_else(String::new, |folder| format!(" --folder '{}'", folder.display()))
    }

    /// Takes the lock for a new session; a command that only asks whether a session runs holds it for a moment.
    pub(crate) fn lock_for_session(&self) -> Result<File> {
        let folder = self.folder()?;
        eventually("no other session is starting", Duration::from_secs(1), || self.lock().transpose())
            .with_context(|| format!("failed to take the lock of {}", folder.display()))?
    }

    /// Takes the lock; `None` while a session holds it.
    pub(crate) fn lock(&self) -> Result<Option<File>> {
        let folder = self.folder()?;
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let file = File::create(folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The running session.
    pub(crate) fn running(&self) -> Result<Session> {
        if self.lock()?.is_some() {
            bail!(
                "no session is running in {}: start it with `cargo demo` or `cargo dev up`",
                self.folder()?.display()
            );
        }
        let text = fs::read_to_string(self.folder()?.join("session.json")).context("the session is still starting")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Ends the running session and waits until all of its processes have ended; false if there was none.
    pub(crate) fn down(&self) -> Result<bool> {
        if self.lock()?.is_some() {
            return Ok(false);
        }
        let group =
            fs::read_to_string(self.folder()?.join("process")).context("failed to find the session's process")?;
        for signal in ["TERM", "KILL"] {
            signal_group(&group, signal);
            let mut limit = AwakeTimeout::new(Duration::from_secs(10));
            while !limit.poll_expired() {
                let is_empty = output(Command::new("pgrep").args(["-g", &group])).is_err();
                if is_empty && self.lock()?.is_some() {
                    node::remove_leftovers(&self.node_name()?)?;
                    return Ok(true);
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        bail!("processes of the session are still there: pgrep -g {group}")
    }
}

/// Sends a signal to every process of a group.
pub(crate) fn signal_group(group: &str, signal: &str) {
    let _ = Command::new("kill").args(["-s", signal, "--", &format!("-{group}")]).stderr(Stdio::null()).status();
}

/// A session that ends with this process unless it is kept.
pub(crate) struct SessionGuard {
    supervisor: Child,
    pub(crate) session: Session,
}

impl SessionGuard {
    /// Starts a session, replacing a running one, and prints each step.
    pub(crate) fn begin(options: &SessionArgs) -> Result<Self> {
        if options.down()? {
            println!("  stopped the previous session");
        }
        let folder = options.folder()?;
        let mut serve = Command::new("setsid");
        serve.arg(std::env::current_exe()?).args(["serve", "--folder"]).arg(&folder);
        if let Some(context) = &options.context {
            serve.args(["--context", context]);
        }
        if options.node {
            serve.arg("--node");
        }
        let log = File::create(folder.join("session.log"))?;
        serve.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut supervisor = serve.spawn().context("failed to start 'setsid' (Debian package util-linux)")?;
        let mut board = Board::new();
        let steps = supervisor.stdout.take().context("the supervisor's stdout is not a pipe")?;
        for step in BufReader::new(steps).lines() {
            match step?.as_str() {
                "ready" => return Ok(Self { supervisor, session: options.running()? }),
                step => board.show(step),
            }
        }
        let _ = supervisor.wait();
        bail!("the system did not start; the logs of its parts are in {}", folder.display())
    }

    /// The CPU time of everything that the session has started so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        usage::of_group(self.supervisor.id())
    }

    /// Keeps the session running after this program has ended.
    pub(crate) fn keep(mut self) -> Result<()> {
        let mut pipe = self.supervisor.stdin.take().context("the supervisor's stdin is not a pipe")?;
        pipe.write_all(b"keep\n").context("the session has ended meanwhile")
    }
}
