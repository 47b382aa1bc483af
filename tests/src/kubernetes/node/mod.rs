//! A real Kubernetes node in namespaces of its own: etcd, API server, controller manager, scheduler, kubelet,
//! kube-proxy, containerd and CoreDNS, the Kubernetes programs compiled from `tests/cluster/`. NetworkPolicies hold. Needs root.
//! Does I/O.

mod components;
mod policies;
mod sandbox;
mod servers;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    Progress, cache,
    kubernetes::{cluster::Cluster, programs::NodePrograms},
    process::{Server, eventually, output},
    tools::{go::COREDNS, packages},
};
use policies::Enforcer;
use sandbox::Sandbox;

/// The official images' names that `manifests/dev` uses.
pub const SERVER_IMAGES: [&str; 2] = ["docker.io/library/rabbitmq:4", "docker.io/library/redis:8"];

/// A running node; dropping it removes everything.
pub struct Node {
    /// The Kubernetes API.
    pub cluster: Cluster,
    _policies: Enforcer,
    components: Vec<Server>,
    sandbox: Sandbox,
    folder: PathBuf,
    _lock: File,
}

impl Node {
    /// Starts a node and waits until it accepts pods. A second node of the same `name` waits for the first to end.
    pub fn start(name: &str, progress: Progress<'_>) -> Result<Self> {
        check()?;
        let programs = NodePrograms::find_or_build(progress)?;
        let coredns = COREDNS.find_or_build(progress)?;
        let folder = cache()?.join("nodes").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let lock_file = folder.with_extension("lock");
        let lock = File::create(&lock_file)?;
        if lock.try_lock().is_err() {
            progress("waiting for another node of this name to end");
            lock.lock()?;
        }
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        fs::create_dir_all(&folder)?;
        let sandbox = Sandbox::open(name, &folder, &lock_file)?;
        let launcher = components::Launcher { sandbox: &sandbox, folder: &folder, programs: &programs };
        let (cluster, components) = launcher.start_all(&coredns, progress)?;
        let policies = Enforcer::start(&cluster, sandbox.address, sandbox.commands("nft"))?;
        Ok(Self { cluster, _policies: policies, components, sandbox, folder, _lock: lock })
    }

    /// The node's address, at which this machine reaches the API server and node ports.
    pub fn address(&self) -> std::net::Ipv4Addr {
        self.sandbox.address
    }

    /// Loads an image archive into containerd.
    pub fn load(&self, archive: &Path) -> Result<()> {
        components::load(&self.sandbox, &self.folder, archive)
    }

    /// Loads RabbitMQ 4.0 and Redis 8.0 under each of these image names.
    pub fn load_servers(&self, references: &[&str], progress: Progress<'_>) -> Result<()> {
        let [first, others @ ..] = references else { return Ok(()) };
        self.load(&servers::archive(first, progress)?)?;
        others.iter().try_for_each(|other| components::tag(&self.sandbox, &self.folder, first, other))
    }

    /// The node's folder, from which tests mount files into pods.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every program of the node, so that ended ones can be restarted.
    pub fn servers(&mut self) -> impl Iterator<Item = &mut Server> {
        self.components.iter_mut()
    }

    /// A command inside the node's namespaces.
    pub fn command(&self, program: &str) -> Command {
        self.sandbox.command(program)
    }
}

/// An error that says why this machine cannot run a node, and what to do about it.
pub fn check() -> Result<()> {
    ensure!(
        packages::is_root(),
        "a Kubernetes node needs root: use `sudo -E`, or leave out --node to run processes instead"
    );
    ensure!(
        is_allowed(),
        "a Kubernetes node needs namespaces and mounts, which this root may not create, as in a container that is not \
         privileged (`docker run --privileged`); leave out --node to run processes instead"
    );
    let systems = fs::read_to_string("/proc/filesystems").context("failed to read /proc/filesystems")?;
    // Loaded on demand, where it is a module.
    let has_overlay = systems.contains("overlay") || output(Command::new("modprobe").arg("overlay")).is_ok();
    ensure!(
        has_overlay,
        "this kernel has no overlayfs, which containerd needs for images; leave out --node to run processes instead"
    );
    ensure!(
        !sandbox::hierarchies().is_empty(),
        "no cgroups, v1 or v2, are mounted at /sys/fs/cgroup, which the kubelet needs: `mount -t cgroup2 none \
         /sys/fs/cgroup` mounts them; leave out --node to run processes instead"
    );
    Ok(())
}

/// Whether this process can start a node: it is root and may create namespaces.
pub fn is_allowed() -> bool {
    let namespaces = ["--mount", "--pid", "--net", "--fork", "true"];
    packages::is_root() && output(Command::new("unshare").args(namespaces)).is_ok()
}

/// Removes the files of a node that has ended, and the empty cgroups of one that was killed.
pub fn remove_leftovers(name: &str) -> Result<()> {
    sandbox::remove_leftovers(name);
    let folder = cache()?.join("nodes").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    Ok(())
}

impl Drop for Node {
    fn drop(&mut self) {
        // The kubelet first, or it would restart what ends.
        self.components.iter_mut().for_each(Server::kill);
    }
}

/// Waits until the node is ready.
fn until_ready(cluster: &Cluster) -> Result<()> {
    eventually("the node is ready", Duration::from_secs(90), || {
        let condition = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}";
        let status = output(cluster.kubectl().args(["get", "node", "node", "-o", condition])).ok()?;
        (status == "True").then_some(())
    })
}
