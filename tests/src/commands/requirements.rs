//! The requirements of this machine, checked before anything starts: names tools that are too old, and prints what will be
//! installed, compiled and used. Does I/O.

use std::process::Command;

use anyhow::{Result, bail};
use subtitle_tests::{
    kubernetes::{
        cluster::{installed_kubectl, needs_compiling},
        node,
    },
    process::output,
    tools::packages,
};

use crate::commands::session::Options;

/// The oldest Go that compiles Kubernetes 1.34 and its modules here.
const OLDEST_GO: (u32, u32) = (1, 26);

/// Checks versions, chooses pods or processes, prints what will be done, and installs what is missing.
pub(crate) fn prepare(options: &mut Options) -> Result<()> {
    let own_node = options.context.is_none() && !options.processes;
    if own_node && !node::is_allowed() {
        println!(
            "A Kubernetes node takes root and namespaces of its own, so everything runs as processes instead of pods."
        );
        options.processes = true;
    }
    let compiles = options.context.is_none() && needs_compiling()?;
    if compiles {
        check_go()?;
    }
    if options.context.is_some() && installed_kubectl().is_none() {
        bail!("--context needs kubectl 1.31 or later on the PATH; see https://kubernetes.io/docs/tasks/tools/");
    }
    let missing = packages::missing();
    let installed = if missing.is_empty() { "nothing".to_owned() } else { format!("{} (Debian)", missing.join(", ")) };
    let kubernetes = if compiles {
        "Kubernetes, etcd, CoreDNS and Helm from their Go modules, about 12 minutes on 2 cores, once (6 GB of caches)"
    } else {
        "nothing of Kubernetes"
    };
    let product = match (&options.context, options.processes) {
        (Some(_), _) => "nothing of the product: the cluster has its images already, from `cargo dev image`",
        (None, true) => "operator and workers, where they have changed",
        (None, false) => "operator and workers, and their images, where they have changed",
    };
    println!("This needs, on this machine:");
    println!("  install   {installed}");
    println!("  compile   {kubernetes}");
    println!("            {product}");
    println!("  use       about 2 GB of memory, free ports of 127.0.0.1, {}", options.folder()?.display());
    packages::ensure()
}

fn check_go() -> Result<()> {
    let wanted = format!("Go {}.{} or later compiles Kubernetes", OLDEST_GO.0, OLDEST_GO.1);
    let Ok(version) = output(Command::new("go").args(["env", "GOVERSION"])) else {
        bail!("{wanted}, and there is no 'go' on the PATH; see https://go.dev/dl/");
    };
    let mut numbers = version.trim().trim_start_matches("go").split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if found < OLDEST_GO {
        bail!("{wanted}, and this machine has {}; see https://go.dev/dl/", version.trim());
    }
    Ok(())
}
