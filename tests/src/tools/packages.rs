//! The Debian packages of the real servers and tools: finds what is missing and installs it as root without questions, or names
//! the one command to run. Does I/O.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{cache, process::patiently};

/// Commands and the packages that contain them.
const PACKAGES: [(&str, &str); 18] = [
    ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server"),
    ("redis-server", "redis-server"),
    ("redis-cli", "redis-tools"),
    ("mkvmerge", "mkvtoolnix"),
    ("ffmpeg", "ffmpeg"),
    ("apertium", "apertium"),
    ("/usr/share/apertium/modes/eng-spa.mode", "apertium-eng-spa"),
    ("curl", "curl"),
    ("pgrep", "procps"),
    ("setpriv", "util-linux"),
    ("openssl", "openssl"),
    ("debootstrap", "debootstrap"),
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("nft", "nftables"),
    ("ip", "iproute2"),
    ("buildah", "buildah"),
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
pub fn missing() -> Vec<&'static str> {
    PACKAGES.iter().filter(|(program, _)| !is_there(program)).map(|(_, package)| *package).collect()
}

/// Installs every missing package; an error if that needs root.
pub fn ensure() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !is_root() || !is_there("apt-get") {
        bail!("these Debian packages are missing; install them first:\n  sudo {by_hand}");
    }
    let log = cache()?.join("packages.log");
    std::fs::create_dir_all(cache()?)?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        // Packages must not start system services.
        command.env("RUNLEVEL", "1");
        let tell = |seconds| println!("  apt-get {}: {seconds} s of up to 60 s", arguments[0]);
        patiently(&mut command, &log, tell)
    };
    let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
    install.extend(&missing);
    let installed = apt(&install).or_else(|_| apt(&["update", "-q"]).and_then(|()| apt(&install)));
    installed.with_context(|| format!("failed to install packages; try it by hand:\n  {by_hand}"))
}
