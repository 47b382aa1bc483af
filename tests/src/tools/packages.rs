//! The Debian packages of the real servers and tools: finds what is missing and installs it as root without questions, or names
//! the one command to run. Does I/O.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{
    Progress, cache,
    progress::{command::SlowCommand, count::Count},
};

/// What the packages are for; each purpose includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A session in the user's own cluster.
    Cluster,
    /// The system as processes on this machine.
    Processes,
    /// A node and images too.
    Node,
}

/// Commands, the packages that contain them, and the first purpose that needs them.
const PACKAGES: [(&str, &str, Purpose); 18] = [
    ("curl", "curl", Purpose::Cluster),
    ("pgrep", "procps", Purpose::Cluster),
    ("setpriv", "util-linux", Purpose::Cluster),
    ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server", Purpose::Processes),
    ("redis-server", "redis-server", Purpose::Processes),
    ("redis-cli", "redis-tools", Purpose::Processes),
    ("mkvmerge", "mkvtoolnix", Purpose::Processes),
    ("ffmpeg", "ffmpeg", Purpose::Processes),
    ("apertium", "apertium", Purpose::Processes),
    ("/usr/share/apertium/modes/eng-spa.mode", "apertium-eng-spa", Purpose::Processes),
    ("openssl", "openssl", Purpose::Processes),
    ("debootstrap", "debootstrap", Purpose::Node),
    ("containerd", "containerd", Purpose::Node),
    ("runc", "runc", Purpose::Node),
    ("/usr/lib/cni/ptp", "containernetworking-plugins", Purpose::Node),
    ("nft", "nftables", Purpose::Node),
    ("ip", "iproute2", Purpose::Node),
    ("buildah", "buildah", Purpose::Node),
];

fn is_there(program: &str) -> bool {
    if program.starts_with('/') {
        return std::path::Path::new(program).exists();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // Programs of administrators are not on every user's PATH.
    std::env::split_paths(&folders).chain(["/usr/sbin".into()]).any(|folder| folder.join(program).exists())
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0"))
}

/// The packages that are not installed.
pub fn missing(purpose: Purpose) -> Vec<&'static str> {
    let needed = PACKAGES.iter().filter(|(_, _, first)| *first <= purpose);
    needed.filter(|(program, ..)| !is_there(program)).map(|(_, package, _)| *package).collect()
}

/// Installs the missing packages of a purpose; an error if that needs root.
pub fn ensure(purpose: Purpose, progress: Progress<'_>) -> Result<()> {
    let missing = missing(purpose);
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !is_there("apt-get") {
        bail!(
            "these programs are missing, and without apt-get (this is not Debian or one of its descendants) they have to be \
             installed by hand; Debian calls their packages:\n  {}\nA container of Debian 12 with Rust and Go is another way.",
            missing.join(" ")
        );
    }
    if !is_root() {
        bail!("these Debian packages are missing, and only root can install them; run this first:\n  sudo {by_hand}");
    }
    let log = cache()?.join("packages.log");
    std::fs::create_dir_all(cache()?).with_context(|| format!("failed to create {}", log.display()))?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        // Packages must not start system services.
        command.env("RUNLEVEL", "1");
        SlowCommand { name: "Debian packages", count: Count::None, log: &log }.run(&mut command, progress).map(drop)
    };
    let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
    install.extend(&missing);
    let installed = apt(&install).or_else(|_| apt(&["update", "-q"]).and_then(|()| apt(&install)));
    installed.with_context(|| format!("failed to install packages; try it by hand:\n  {by_hand}"))
}
