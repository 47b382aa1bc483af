//! PID, mount and network namespaces for a node. Their init process is a child that dies with this one; when the init process of
//! a PID namespace exits, the kernel kills everything in it, and mounts and network devices disappear with the last process. So
//! nothing is left, however the test ends. Does I/O.

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

/// PID 1 of a PID namespace has to reap orphans; a shell does that. The folders that container tools write to are mounted inside,
/// too.
const INIT_SCRIPT: &str = "mount -t tmpfs tmpfs /run && mkdir -p /run/netns /var/lib/cni && \
    mount -t tmpfs tmpfs /var/lib/cni && touch /run/ready && while :; do sleep 3600 & wait $!; done";
/// Waits until every holder of its input has ended and then removes what the kernel leaves: cgroups and a device. Does
/// nothing if the next node of this name holds the lock, because that node has cleaned up already.
const CLEANUP_WATCHER: &str = "read -r _; exec flock --timeout 5 \"$1\" sh -c \"$2\" sh \"$3\" \"$4\" \"$5\"";
/// Retries, because a cgroup cannot be removed before its processes have exited. The same as `remove_cgroups`, as a script: the
/// watcher has to outlive this program.
const CLEANUP_SCRIPT: &str = "root=$3; groups() { ls -d $root$1 $root/*$1 2>/dev/null; }; \
    for _ in $(seq 100); do ip link delete \"$2\" 2>/dev/null; [ -n \"$(groups $1)\" ] || break; \
    find $(groups $1) -depth -type d -exec rmdir {} + 2>/dev/null; sleep 0.1; done";
/// The mount point of cgroups.
const CGROUP_ROOT: &str = "/sys/fs/cgroup";
/// The subnets that nodes of this machine choose from: 10.250.1.0 to 10.250.250.0.
const SUBNETS: u64 = 250;

/// A set of namespaces, their init process, and the process that cleans up after them.
pub(super) struct Sandbox {
    name: String,
    init: Server,
    /// Cleans up after this process has ended.
    cleanup_watcher: Child,
    /// The process id of the namespaces' init process as seen from outside, by which they are entered.
    init_pid: u32,
    /// The node's address, which this machine can reach.
    pub(super) address: Ipv4Addr,
    /// The cgroup, relative to the root, under which pods run.
    pub(super) cgroup: String,
}

/// The third octet of a subnet of 10.250.0.0/16 that no device of this machine has: the same for the same name where it is free.
fn free_subnet(name: &str) -> Result<u8> {
    let mut digest = DefaultHasher::new();
    name.hash(&mut digest);
    let first = digest.finish() % SUBNETS;
    let addresses = output(Command::new("ip").args(["-o", "-4", "address"]))?;
    let is_free = |third: &u8| !addresses.contains(&format!(" 10.250.{third}."));
    (first..first + SUBNETS)
        .filter_map(|number| u8::try_from(number % SUBNETS + 1).ok())
        .find(is_free)
        .context("failed to find a free subnet in 10.250.0.0/16: end other nodes")
}

impl Sandbox {
    /// Creates namespaces; `name` distinguishes those that exist at the same time, and this process holds the `lock` of that name.
    pub(super) fn open(name: &str, folder: &Path, lock: &Path) -> Result<Self> {
        remove_leftovers(name);
        let cgroup = cgroup_name(name);
        // In a session of its own, which no Ctrl-C and no signal to our process group reaches.
        let mut watcher = Command::new("setsid");
        watcher.args(["sh", "-c", CLEANUP_WATCHER, "sh"]).arg(lock);
        watcher.args([CLEANUP_SCRIPT, &cgroup, &device(name), CGROUP_ROOT]).stdin(Stdio::piped());
        let cleanup_watcher = watcher.spawn().context("failed to start 'setsid' (Debian package util-linux)")?;
        let init = Server::start("namespaces", Path::new("unshare"), folder, |command| {
            command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
            command.args(["bash", "-c", INIT_SCRIPT]);
        })?;
        let parent = init.pid();
        let children = format!("/proc/{parent}/task/{parent}/children");
        let init_pid = eventually("PID, mount and network namespaces", Duration::from_secs(10), || {
            fs::read_to_string(&children).ok()?.trim().parse::<u32>().ok()
        })?;
        let third_octet = free_subnet(name)?;
        let (outside, address) = (Ipv4Addr::new(10, 250, third_octet, 1), Ipv4Addr::new(10, 250, third_octet, 2));
        let sandbox = Self { name: name.to_owned(), init, cleanup_watcher, init_pid, address, cgroup };
        let ready = || output(sandbox.command("test").args(["-e", "/run/ready"])).ok();
        eventually("the namespaces have folders of their own", Duration::from_secs(10), ready)?;
        sandbox.connect(outside)?;
        create_cgroups(&sandbox.cgroup)?;
        Ok(sandbox)
    }

    /// Creates a pair of devices: one in the machine's network, one inside the namespaces with the node's address.
    fn connect(&self, outside: Ipv4Addr) -> Result<()> {
        let (device, init_pid) = (device(&self.name), self.init_pid.to_string());
        let ip = |arguments: &[&str]| output(Command::new("ip").args(arguments)).map(drop);
        ip(&["link", "add", &device, "type", "veth", "peer", "name", "node0", "netns", &init_pid])?;
        ip(&["addr", "add", &format!("{outside}/30"), "dev", &device])?;
        ip(&["link", "set", &device, "up"])?;
        let inside = |program: &str, arguments: &[&str]| output(self.command(program).args(arguments)).map(drop);
        inside("ip", &["addr", "add", &format!("{}/30", self.address), "dev", "node0"])?;
        inside("ip", &["link", "set", "lo", "up"])?;
        inside("ip", &["link", "set", "node0", "up"])?;
        inside("ip", &["route", "add", "default", "via", &outside.to_string()])?;
        inside("sh", &["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
    }

    fn add_nsenter_args(init_pid: u32, command: &mut Command) {
        command.args(["--target", &init_pid.to_string(), "--net", "--mount", "--pid", "--"]);
    }

    /// Makes commands that run inside the namespaces.
    pub(super) fn commands(&self, program: &'static str) -> impl Fn() -> Command + Send + use<> {
        let init_pid = self.init_pid;
        move || {
            let mut command = Command::new("nsenter");
            Self::add_nsenter_args(init_pid, &mut command);
            command.arg(program);
            command
        }
    }

    /// A command that runs inside the namespaces.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        Self::add_nsenter_args(self.init_pid, &mut command);
        command.arg(program);
        command
    }

    /// Starts a server inside the namespaces.
    pub(super) fn server(
        &self,
        name: &str,
        program: &Path,
        folder: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Server> {
        Server::start(name, Path::new("nsenter"), folder, |command| {
            Self::add_nsenter_args(self.init_pid, command);
            configure(command.arg(program));
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.init.kill();
        // The kernel needs a moment to end what was inside.
        let gone = || remove_cgroups(&self.cgroup).then_some(());
        let _ = eventually("the cgroups are removed", Duration::from_secs(10), gone);
        remove_leftovers(&self.name);
        // Drop has cleaned up already.
        let _ = self.cleanup_watcher.kill();
        let _ = self.cleanup_watcher.wait();
    }
}

fn cgroup_name(name: &str) -> String {
    format!("/subtitles-{name}")
}

fn device(name: &str) -> String {
    format!("subs-{name}")
}

/// Removes what a node of this name may have left: the cgroups of a killed node, and a device, which the kernel removes
/// only when the last connection through it has timed out.
pub(super) fn remove_leftovers(name: &str) {
    remove_cgroups(&cgroup_name(name));
    let _ = Command::new("ip").args(["link", "delete", &device(name)]).output();
}

/// The root cgroup of each hierarchy of cgroup v1, or the only one of v2.
pub(super) fn hierarchies() -> Vec<PathBuf> {
    let root = PathBuf::from(CGROUP_ROOT);
    if root.join("cgroup.controllers").exists() {
        return vec![root];
    }
    let folders = fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter(|folder| folder.join("cgroup.procs").exists() && !folder.is_symlink()).collect()
}

fn create_cgroups(name: &str) -> Result<()> {
    for hierarchy in hierarchies() {
        let group = hierarchy.join(name.trim_start_matches('/'));
        fs::create_dir_all(&group).with_context(|| format!("failed to create {}", group.display()))?;
        // In cgroup v1 a new cpuset has no CPUs and memory nodes until they are assigned.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if let (Ok(all), true) = (fs::read_to_string(hierarchy.join(file)), group.join(file).exists()) {
                fs::write(group.join(file), all.trim()).with_context(|| format!("failed to set {file}"))?;
            }
        }
    }
    Ok(())
}

/// Removes empty cgroups; true if all are gone.
fn remove_cgroups(name: &str) -> bool {
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
