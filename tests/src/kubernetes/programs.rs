//! The programs of Kubernetes, compiled once from the Go modules in `tests/cluster/` into a cache outside the checkout: only
//! API server and etcd for most purposes, every component for a node. Honours `KUBEBUILDER_ASSETS`. Does I/O.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    Progress, cache,
    process::output,
    progress::count::Count,
    tools::{
        go::{FLAGS, build_once, go, packages},
        packages::Purpose,
    },
};

const VERSION: &str = "v1.34.4";

/// A program of a Go module in `tests/cluster/`.
struct Source {
    module: &'static str,
    /// The package's folder in the module.
    package: &'static str,
    name: &'static str,
}

const ETCD: Source = Source { module: "etcd", package: ".", name: "etcd" };
const API_SERVER: Source = Source { module: "kube", package: "./apiserver", name: "kube-apiserver" };
const KUBECTL: Source = Source { module: "kube", package: "./kubectl", name: "kubectl" };
/// Every component of a node.
const NODE: Source = Source { module: "kube", package: ".", name: "kube" };

/// The paths of what serves the Kubernetes API, and of kubectl.
pub struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) apiserver: PathBuf,
    pub(crate) kubectl: PathBuf,
}

/// The paths of what a node runs, and of kubectl.
pub(crate) struct NodePrograms {
    pub(crate) etcd: PathBuf,
    /// Every component, chosen by the first argument.
    pub(crate) kube: PathBuf,
    pub(crate) kubectl: PathBuf,
}

/// A kubectl on the PATH that is new enough for an API server 1.34.
pub fn installed_kubectl() -> Option<PathBuf> {
    let version = output(Command::new("kubectl").args(["version", "--client", "-o", "json"])).ok()?;
    let version: serde_json::Value = serde_json::from_str(&version).ok()?;
    let minor = version["clientVersion"]["minor"].as_str()?.trim_end_matches('+').parse::<u32>().ok()?;
    (minor >= 31).then(|| PathBuf::from("kubectl"))
}

fn kubectl(progress: Progress<'_>) -> Result<PathBuf> {
    installed_kubectl().map_or_else(|| KUBECTL.find_or_build(progress), Ok)
}

/// Whether programs must be compiled before an API server, or a node, can start.
pub fn needs_compiling(purpose: Purpose) -> Result<bool> {
    let is_for_node = purpose == Purpose::Node;
    if !is_for_node && env::var_os("KUBEBUILDER_ASSETS").is_some() {
        return Ok(false);
    }
    let is_kubectl_missing = installed_kubectl().is_none() && !KUBECTL.path()?.exists();
    let server = if is_for_node { NODE } else { API_SERVER };
    Ok(is_kubectl_missing || !ETCD.path()?.exists() || !server.path()?.exists())
}

impl Programs {
    /// Finds API server and etcd, compiling those that the cache does not have (about 6 CPU minutes, once).
    pub fn find_or_build(progress: Progress<'_>) -> Result<Self> {
        if let Some(assets) = env::var_os("KUBEBUILDER_ASSETS") {
            let assets = PathBuf::from(assets);
            let (etcd, apiserver) = (assets.join("etcd"), assets.join("kube-apiserver"));
            ensure!(
                etcd.exists() && apiserver.exists(),
                "KUBEBUILDER_ASSETS is {}, which lacks etcd or kube-apiserver",
                assets.display()
            );
            let own = Some(assets.join("kubectl")).filter(|kubectl| kubectl.exists());
            let kubectl =
                installed_kubectl().or(own).context("kubectl 1.31 or later is neither on the PATH nor there")?;
            return Ok(Self { etcd, apiserver, kubectl });
        }
        let (etcd, apiserver) = (ETCD.find_or_build(progress)?, API_SERVER.find_or_build(progress)?);
        Ok(Self { etcd, apiserver, kubectl: kubectl(progress)? })
    }
}

impl NodePrograms {
    /// Finds every component, compiling those that the cache does not have.
    pub(crate) fn find_or_build(progress: Progress<'_>) -> Result<Self> {
        let (etcd, kube) = (ETCD.find_or_build(progress)?, NODE.find_or_build(progress)?);
        Ok(Self { etcd, kube, kubectl: kubectl(progress)? })
    }
}

impl Source {
    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster").join(self.module)
    }

    /// The path in the cache, which changes with everything the program is compiled from.
    fn path(&self) -> Result<PathBuf> {
        let mut digest = DefaultHasher::new();
        (FLAGS, flags()).hash(&mut digest);
        for file in ["go.mod", "go.sum"].map(PathBuf::from).into_iter().chain([Path::new(self.package).join("main.go")])
        {
            fs::read(self.folder().join(file))?.hash(&mut digest);
        }
        let folder = format!("{}-{VERSION}-{:016x}", self.name, digest.finish());
        Ok(cache()?.join("bin").join(folder).join(self.name))
    }

    fn find_or_build(&self, progress: Progress<'_>) -> Result<PathBuf> {
        let folder = self.folder();
        let count = || Count::Go { packages: packages(&folder, self.package) };
        build_once(&self.path()?, count, progress, |into| {
            let mut go = go();
            go.arg("build").args(FLAGS).args(["-ldflags", &flags(), "-o"]).arg(into.join(self.name)).arg(self.package);
            go.current_dir(&folder);
            go
        })
    }
}

/// Flags of the linker. Without a version kubectl cannot read the server's.
fn flags() -> String {
    let info = "k8s.io/component-base/version";
    format!(
        "-s -w -X {info}.gitVersion={VERSION} -X {info}.gitMajor=1 -X {info}.gitMinor=34 -X {info}.gitTreeState=clean"
    )
}
