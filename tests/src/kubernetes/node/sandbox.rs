//! Separate process, mount and network namespaces for a node. Their first process is a child that dies with this one; by the
//! kernel's rule for process namespaces everything started inside dies with it, and mounts and network devices disappear with
//! the last process. So nothing is left, however the test ends. Does I/O.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::process::{Server, eventually, output};

/// The first process of a process namespace has to reap orphans, which a shell does. The folders that container tools write to
/// are mounted inside, too.
const FIRST: &str = "mount -t tmpfs tmpfs /run && mkdir -p /run/netns /var/lib/cni && \
    mount -t tmpfs tmpfs /var/lib/cni && touch /run/ready && while :; do sleep 3600 & wait $!; done";
/// Waits until every holder of its input has ended and then removes what the kernel leaves: control groups and a device. Does
/// nothing if the next node of this name holds the lock, because that node has cleaned up already.
const HEIR: &str = "read -r _; exec flock --timeout 5 \"$1\" sh -c \"$2\" sh \"$3\" \"$4\"";
/// Attempts to remove control groups: processes need a moment to end.
const INHERIT: &str = "groups() { ls -d /sys/fs/cgroup$1 /sys/fs/cgroup/*$1 2>/dev/null; }; \
    for _ in $(seq 100); do ip link delete \"$2\" 2>/dev/null; [ -n \"$(groups $1)\" ] || break; \
    find $(groups $1) -depth -type d -exec rmdir {} + 2>/dev/null; sleep 0.1; done";
/// The mount point of control groups.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// The namespaces.
pub(super) struct Sandbox {
    name: String,
    first: Server,
    /// Cleans up after this process has ended.
    heir: Child,
    /// The process id, as seen from outside, by which the namespaces are entered.
    target: u32,
    /// The node's address, which this machine can reach.
    pub(super) address: Ipv4Addr,
    /// The control group, relative to the root, under which pods run.
    pub(super) control_group: String,
}

impl Sandbox {
    /// Creates namespaces; `name` distinguishes those that exist at the same time, and this process holds the `lock` of that name.
    pub(super) fn open(name: &str, folder: &Path, lock: &Path) -> Result<Self> {
        forget(name);
        let control_group = control_group(name);
        // In a session of its own, which no Ctrl-C and no signal to our process group reaches.
        let mut heir = Command::new("setsid");
        heir.args(["sh", "-c", HEIR, "sh"]).arg(lock).args([INHERIT, &control_group, &device(name)]);
        let heir =
            heir.stdin(Stdio::piped()).spawn().context("failed to start 'setsid' (Debian package util-linux)")?;
        let first = Server::start("namespaces", Path::new("unshare"), folder, |command| {
            command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", FIRST]);
        })?;
        let parent = first.pid();
        let children = format!("/proc/{parent}/task/{parent}/children");
        let target = eventually("namespaces of processes, mounts and network", Duration::from_secs(10), || {
            fs::read_to_string(&children).ok()?.trim().parse::<u32>().ok()
        })?;
        let mut digest = DefaultHasher::new();
        name.hash(&mut digest);
        let third = u8::try_from(digest.finish() % 250).unwrap_or(0) + 1;
        let (outside, address) = (Ipv4Addr::new(10, 250, third, 1), Ipv4Addr::new(10, 250, third, 2));
        let sandbox = Self { name: name.to_owned(), first, heir, target, address, control_group };
        let is_ready = || output(sandbox.command("test").args(["-e", "/run/ready"])).ok();
        eventually("the namespaces have folders of their own", Duration::from_secs(10), is_ready)?;
        sandbox.connect(name, outside)?;
        make_control_groups(&sandbox.control_group)?;
        Ok(sandbox)
    }

    /// Creates a pair of devices: one in the machine's network, one inside with the node's address.
    fn connect(&self, name: &str, outside: Ipv4Addr) -> Result<()> {
        let (device, target) = (device(name), self.target.to_string());
        let ip = |arguments: &[&str]| output(Command::new("ip").args(arguments)).map(drop);
        ip(&["link", "add", &device, "type", "veth", "peer", "name", "node0", "netns", &target])?;
        ip(&["addr", "add", &format!("{outside}/30"), "dev", &device])?;
        ip(&["link", "set", &device, "up"])?;
        let inside = |program: &str, arguments: &[&str]| output(self.command(program).args(arguments)).map(drop);
        inside("ip", &["addr", "add", &format!("{}/30", self.address), "dev", "node0"])?;
        inside("ip", &["link", "set", "lo", "up"])?;
        inside("ip", &["link", "set", "node0", "up"])?;
        inside("ip", &["route", "add", "default", "via", &outside.to_string()])?;
        inside("sh", &["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])?;
        // Only where the kernel has it: else pods reach services on their own node without it.
        let bridged = "test ! -e /proc/sys/net/bridge || echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables";
        inside("sh", &["-c", bridged])
    }

    fn entering(&self, command: &mut Command) {
        command.args(["--target", &self.target.to_string(), "--net", "--mount", "--pid", "--"]);
    }

    /// A command that runs inside.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        self.entering(&mut command);
        command.arg(program);
        command
    }

    /// Starts a server inside.
    pub(super) fn server(
        &self,
        name: &str,
        program: &Path,
        folder: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Server> {
        Server::start(name, Path::new("nsenter"), folder, |command| {
            self.entering(command);
            configure(command.arg(program));
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.first.kill();
        // The kernel needs a moment to end what was inside.
        let gone = || remove_control_groups(&self.control_group).then_some(());
        let _ = eventually("the control groups are removed", Duration::from_secs(10), gone);
        forget(&self.name);
        // There is nothing to inherit.
        let _ = self.heir.kill();
        let _ = self.heir.wait();
    }
}

fn control_group(name: &str) -> String {
    format!("/subtitles-{name}")
}

fn device(name: &str) -> String {
    format!("subs-{name}")
}

/// Removes what a node of this name may have left: the control groups of a killed node, and a device, which the kernel removes
/// only when the last connection through it has timed out.
pub(super) fn forget(name: &str) {
    remove_control_groups(&control_group(name));
    let _ = Command::new("ip").args(["link", "delete", &device(name)]).output();
}

/// One control group for each hierarchy of version 1, or the only one of version 2.
pub(super) fn hierarchies() -> Vec<PathBuf> {
    let root = PathBuf::from(CONTROL_GROUPS);
    if root.join("cgroup.controllers").exists() {
        return vec![root];
    }
    let folders = fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter(|folder| folder.join("cgroup.procs").exists() && !folder.is_symlink()).collect()
}

fn make_control_groups(name: &str) -> Result<()> {
    for hierarchy in hierarchies() {
        let group = hierarchy.join(name.trim_start_matches('/'));
        fs::create_dir_all(&group).with_context(|| format!("failed to create {}", group.display()))?;
        // In version 1 a new group has no processors and no memory until it is told which.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if let (Ok(all), true) = (fs::read_to_string(hierarchy.join(file)), group.join(file).exists()) {
                fs::write(group.join(file), all.trim()).with_context(|| format!("failed to set {file}"))?;
            }
        }
    }
    Ok(())
}

/// Removes empty control groups; true when none is left.
fn remove_control_groups(name: &str) -> bool {
    fn remove(group: &Path) {
        for entry in fs::read_dir(group).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                remove(&entry.path());
            }
        }
        let _ = fs::remove_dir(group);
    }
    let groups: Vec<PathBuf> =
        hierarchies().into_iter().map(|hierarchy| hierarchy.join(name.trim_start_matches('/'))).collect();
    for group in &groups {
        remove(group);
    }
    groups.iter().all(|group| !group.exists())
}
