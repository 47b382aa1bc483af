//! A real Kubernetes node in namespaces of its own: etcd, API server, controller manager, scheduler, kubelet,
//! kube-proxy, containerd and CoreDNS, the Kubernetes programs compiled from `tests/cluster/`. Needs root. Does I/O.

mod components;
mod sandbox;

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
    process::{Server, eventually, output},
};
use sandbox::Sandbox;

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
        let lock = File::create(folder.with_extension("lock"))?;
        if lock.try_lock().is_err() {
            progress("waiting for another node of this name to end");
            lock.lock()?;
        }
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        fs::create_dir_all(&folder)?;
        let sandbox = Sandbox::open(name, &folder)?;
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

    /// The node's folder, for what tests mount into pods.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command inside the node's namespaces.
    pub fn command(&self, program: &str) -> Command {
        self.sandbox.command(program)
    }
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
