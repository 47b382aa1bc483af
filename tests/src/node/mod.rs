//! A real Kubernetes node in namespaces of its own: etcd, API server, controller manager, scheduler, kubelet,
//! kube-proxy, containerd and CoreDNS, the Kubernetes programs compiled from `tests/cluster/`. Needs root. Does I/O.

mod components;
mod sandbox;
mod servers;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    cluster::{Cluster, Programs, Progress, cache},
    go::COREDNS,
    packages,
    process::{Server, eventually, output},
};
use sandbox::Sandbox;

/// The official images' names that `manifests/dev` uses.
pub const SERVER_IMAGES: [&str; 2] = ["docker.io/library/rabbitmq:4", "docker.io/library/redis:8"];

/// A running node; everything of it is gone when it is dropped.
pub struct Node {
    /// Its Kubernetes API.
    pub cluster: Cluster,
    components: Vec<Server>,
    sandbox: Sandbox,
    folder: PathBuf,
    _lock: File,
}

impl Node {
    /// Starts a node and waits until it takes pods. A second one of the same `name` waits for the first to end.
    pub fn start(name: &str, progress: Progress<'_>) -> Result<Self> {
        let programs = Programs::find_or_build(progress)?;
        let coredns = COREDNS.find_or_build(progress)?;
        let folder = cache()?.join("nodes").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let place_of_lock = folder.with_extension("lock");
        let lock = File::create(&place_of_lock)?;
        if lock.try_lock().is_err() {
            progress("waiting for another node of this name to end");
            lock.lock()?;
        }
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        fs::create_dir_all(&folder)?;
        let sandbox = Sandbox::open(name, &folder, &place_of_lock)?;
        let place = components::Place { sandbox: &sandbox, folder: &folder, programs: &programs };
        let (cluster, components) = place.start_all(&coredns, progress)?;
        Ok(Self { cluster, components, sandbox, folder, _lock: lock })
    }

    /// The node's address, at which the machine reaches the API server and services' node ports.
    pub fn address(&self) -> std::net::Ipv4Addr {
        self.sandbox.address
    }

    /// Puts the image of an archive where the kubelet finds it.
    pub fn load(&self, archive: &Path) -> Result<()> {
        components::load(&self.sandbox, &self.folder, archive)
    }

    /// Puts RabbitMQ 4.0 and Redis 8.0 there, under each of these images' names.
    pub fn load_servers(&self, references: &[&str], progress: Progress<'_>) -> Result<()> {
        let [first, others @ ..] = references else { return Ok(()) };
        self.load(&servers::archive(first, progress)?)?;
        others.iter().try_for_each(|other| components::tag(&self.sandbox, &self.folder, first, other))
    }

    /// The node's folder, for what tests mount into pods.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every program of the node, to start again what has ended.
    pub fn servers(&mut self) -> impl Iterator<Item = &mut Server> {
        self.components.iter_mut()
    }

    /// A command inside the node's namespaces.
    pub fn command(&self, program: &str) -> Command {
        self.sandbox.command(program)
    }
}

/// Whether this process may start a node: as root, with namespaces of its own.
pub fn is_allowed() -> bool {
    let namespaces = ["--mount", "--pid", "--net", "--fork", "true"];
    packages::is_root() && output(Command::new("unshare").args(namespaces)).is_ok()
}

/// Removes the files of a node that has ended, and the empty control groups of one that was killed.
pub fn forget(name: &str) -> Result<()> {
    sandbox::forget(name);
    let folder = cache()?.join("nodes").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    Ok(())
}

impl Drop for Node {
    fn drop(&mut self) {
        // The kubelet first, or it would start again what ends.
        self.components.iter_mut().for_each(Server::kill);
    }
}

/// Waits until the node says it is ready.
fn until_ready(cluster: &Cluster) -> Result<()> {
    eventually("the node is ready", Duration::from_secs(90), || {
        let condition = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}";
        let status = output(cluster.kubectl().args(["get", "node", "node", "-o", condition])).ok()?;
        (status == "True").then_some(())
    })
}
