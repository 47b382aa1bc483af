//! KEDA on a node: its operator and metrics server, compiled from the Go module into the cache and installed with the module's
//! own manifests. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    Progress, cache,
    image::{Plain, pack},
    kubernetes::node::Node,
    process::output,
    progress::count::Count,
    root,
    tools::go::{FLAGS, build_once, go, packages},
};

const MODULE: &str = "github.com/kedacore/keda/v2";
const VERSION: &str = "v2.21.0";
/// The image name in `tests/cluster/keda/kustomization.yaml`.
const IMAGE: &str = "localhost/keda:2.21.0";
/// The names of KEDA's programs in its manifests, and their packages.
const PROGRAMS: [(&str, &str); 2] = [("keda", "operator"), ("keda-adapter", "adapter")];

fn module() -> PathBuf {
    root().join("tests/cluster/keda")
}

/// The archive of the image with both programs, built if the cache does not have it (about 6 minutes on 2 idle cores).
pub fn archive(progress: Progress<'_>) -> Result<PathBuf> {
    let folder = cache()?.join("images").join(format!("keda-{VERSION}"));
    let (rootfs, archive) = (folder.join("root"), folder.join("keda.tar"));
    if archive.exists() {
        return Ok(archive);
    }
    fs::create_dir_all(&rootfs)?;
    for (name, package) in PROGRAMS {
        let program = cache()?.join("bin").join(format!("keda-{VERSION}")).join(name);
        let package = format!("{MODULE}/cmd/{package}");
        let count = || Count::Go { packages: packages(&module(), &package) };
        build_once(&program, count, progress, |folder| {
            let mut go = go();
            go.arg("build").args(FLAGS).args(["-ldflags", "-s -w", "-o"]).arg(folder.join(name)).arg(&package);
            go.current_dir(module());
            go
        })?;
        fs::copy(&program, rootfs.join(name))?;
    }
    progress("packing KEDA");
    pack(&Plain { reference: IMAGE, rootfs: &rootfs, user: "65532", entrypoint: "/keda" }, &archive)?;
    Ok(archive)
}

/// The folder of KEDA's manifests in the module.
fn manifests() -> Result<PathBuf> {
    let download = ["mod", "download", "-json", &format!("{MODULE}@{VERSION}")];
    let module = output(Command::new("go").args(download).current_dir(module()))?;
    let module: serde_json::Value = serde_json::from_str(&module)?;
    Ok(Path::new(module["Dir"].as_str().context("the module has a folder")?).join("config"))
}

/// Installs KEDA and waits until it serves external metrics.
pub fn install(node: &Node, progress: Progress<'_>) -> Result<()> {
    node.load(&archive(progress)?)?;
    let folder = node.folder().join("keda");
    fs::create_dir_all(&folder)?;
    fs::copy(module().join("kustomization.yaml"), folder.join("kustomization.yaml"))?;
    let mut copy = Command::new("cp");
    output(copy.args(["--recursive", "--no-preserve=mode"]).arg(manifests()?).arg(folder.join("config")))?;
    let kubectl = || node.cluster.kubectl();
    // Its definitions are too large for an annotation that holds them once more.
    output(kubectl().args(["apply", "--server-side", "-k"]).arg(&folder))?;
    let available = ["wait", "--for=condition=Available", "--timeout=180s"];
    let deployments = ["--namespace=keda", "deployment/keda-operator", "deployment/keda-metrics-apiserver"];
    output(kubectl().args(available).args(deployments))?;
    output(kubectl().args(available).arg("apiservice/v1beta1.external.metrics.k8s.io"))?;
    progress("KEDA answers for external metrics");
    Ok(())
}
