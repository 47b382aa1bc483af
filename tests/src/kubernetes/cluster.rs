//! A real Kubernetes API server: compiled once from the Go modules in `tests/cluster/` into a cache outside the
//! checkout, then started with etcd on free loopback ports; or the user's own cluster, by its context. Honours
//! `KUBEBUILDER_ASSETS`. Does I/O.

use std::{
    env,
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    Progress, cache,
    process::{Server, free_port, output, wait_until},
    servers::proxy::Proxy,
    tools::go::build_once,
};

const VERSION: &str = "v1.34.4";

/// Starts a plain HTTP proxy in front of the API server on a port; returns the proxy's port.
pub type InFront<'a> = &'a (dyn Fn(u16) -> u16 + Sync);

/// The paths of the control plane's programs and of kubectl.
pub struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) apiserver: PathBuf,
    /// Arguments before the API server's own, for the binary that holds every component.
    component: &'static [&'static str],
    pub(crate) kubectl: PathBuf,
}

/// A kubectl on the PATH that is new enough for an API server 1.34.
pub fn installed_kubectl() -> Option<PathBuf> {
    let version = output(Command::new("kubectl").args(["version", "--client", "-o", "json"])).ok()?;
    let version: serde_json::Value = serde_json::from_str(&version).ok()?;
    let minor = version["clientVersion"]["minor"].as_str()?.trim_end_matches('+').parse::<u32>().ok()?;
    (minor >= 31).then(|| PathBuf::from("kubectl"))
}

/// A program of a module: its path in the cache changes with the module's sources.
fn compiled(module: &str) -> Result<PathBuf> {
    let mut digest = DefaultHasher::new();
    for file in ["go.mod", "go.sum", "main.go"] {
        fs::read(source(module).join(file))?.hash(&mut digest);
    }
    Ok(cache()?.join("bin").join(format!("{module}-{VERSION}-{:016x}", digest.finish())).join(module))
}

fn source(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster").join(module)
}

/// Whether a cluster must be compiled before it can start.
pub fn needs_compiling() -> Result<bool> {
    Ok(env::var_os("KUBEBUILDER_ASSETS").is_none() && !(compiled("etcd")?.exists() && compiled("kube")?.exists()))
}

impl Programs {
    /// Finds the programs, compiling those that are not in the cache yet (about 6 minutes on 2 cores, once).
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
            return Ok(Self { etcd, apiserver, component: &[], kubectl });
        }
        // Seconds as measured on 2 cores that also compile everything else.
        let (etcd, kube) = (build("etcd", 90, progress)?, build("kube", 600, progress)?);
        let kubectl = match installed_kubectl() {
            Some(installed) => installed,
            None => own_kubectl(&kube)?,
        };
        Ok(Self { etcd, apiserver: kube, component: &["kube-apiserver"], kubectl })
    }
}

/// The compiled binary under the name by which it is kubectl.
fn own_kubectl(kube: &Path) -> Result<PathBuf> {
    let link = kube.with_file_name("kubectl");
    match std::os::unix::fs::symlink(kube, &link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(link),
    }
}

fn build(module: &str, up_to: u32, progress: Progress<'_>) -> Result<PathBuf> {
    build_once(&compiled(module)?, up_to, progress, |folder| {
        let info = "k8s.io/component-base/version";
        let flags = format!(
            "-s -w -X {info}.gitVersion={VERSION} -X {info}.gitMajor=1 -X {info}.gitMinor=34 -X {info}.gitTreeState=clean"
        );
        let mut go = Command::new("go");
        go.args(["build", "-trimpath", "-ldflags", &flags, "-o"]).arg(folder.join(module)).arg(".");
        go.current_dir(source(module)).env("CGO_ENABLED", "0");
        go
    })
}

/// A Kubernetes API.
pub struct Cluster {
    /// The kubeconfig for kubectl and clients.
    pub kubeconfig: PathBuf,
    /// The path of kubectl.
    pub kubectl: PathBuf,
    /// The API server and its etcd, stopped in this order; empty for the user's own cluster.
    pub servers: Vec<Server>,
    /// The API server's port, and the token of its user `operator`; `None` for the user's own cluster.
    pub(crate) own: Option<(u16, String)>,
}

/// Whether etcd syncs its disk before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// No: fast, for a server that is never killed.
    Unsynced,
    /// Yes: the server may be killed.
    Synced,
}

impl Cluster {
    /// The user's own cluster, which kubectl reaches under this context.
    pub fn existing(context: &str, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let kubectl = installed_kubectl().context("kubectl 1.31 or later is not on the PATH")?;
        let kubeconfig = folder.join("kubeconfig");
        let mut view = Command::new(&kubectl);
        view.args(["config", "view", "--minify", "--flatten", "--raw", "--context", context]);
        let text = output(&mut view).with_context(|| format!("failed to read the context '{context}'"))?;
        drop(File::create(&kubeconfig)?);
        fs::set_permissions(&kubeconfig, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        fs::write(&kubeconfig, text)?;
        let cluster = Self { kubeconfig, kubectl, servers: Vec::new(), own: None };
        output(cluster.kubectl().args(["get", "--raw", "/readyz", "--request-timeout=10s"]))
            .with_context(|| format!("failed to reach the cluster of the context '{context}'"))?;
        Ok(cluster)
    }

    /// Starts both in `folder` and waits until the API server is ready (about 3 s).
    pub fn start(programs: &Programs, folder: &Path, disk: Disk) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (client_port, peer_port, api_port) = (free_port()?, free_port()?, free_port()?);
        let (client, peer) = (format!("http://127.0.0.1:{client_port}"), format!("http://127.0.0.1:{peer_port}"));
        let etcd = Server::start("etcd", &programs.etcd, folder, |command| {
            command.arg("--data-dir").arg(folder.join("etcd"));
            if disk == Disk::Unsynced {
                command.arg("--unsafe-no-fsync");
            }
            command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
            command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
            command.arg("--initial-cluster").arg(format!("default={peer}"));
        })?;

        let key = folder.join("service-account.key");
        if !key.exists() {
            output(Command::new("openssl").args(["genrsa", "-out"]).arg(&key).arg("2048"))?;
        }
        let new_token =
            || Ok::<_, anyhow::Error>(output(Command::new("openssl").args(["rand", "-hex", "16"]))?.trim().to_owned());
        let (token, operator) = (new_token()?, new_token()?);
        let tokens = format!("{token},admin,admin,\"system:masters\"\n{operator},operator,operator\n");
        fs::write(folder.join("tokens.csv"), tokens)?;
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, kubeconfig_text(&format!("https://127.0.0.1:{api_port}"), &token))?;

        let mut apiserver = Server::start("kube-apiserver", &programs.apiserver, folder, |command| {
            command.args(programs.component);
            command.args(["--etcd-servers", &client, "--bind-address", "127.0.0.1"]);
            // Else it looks for a route out, which a machine without a network does not have.
            command.args(["--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
            command.arg(format!("--secure-port={api_port}")).arg("--cert-dir").arg(folder.join("pki"));
            command.arg("--service-account-key-file").arg(&key).arg("--service-account-signing-key-file").arg(&key);
            command.args([
                "--service-account-issuer",
                "https://kubernetes.default.svc",
                "--authorization-mode",
                "RBAC",
            ]);
            command.args(["--service-cluster-ip-range", "10.96.0.0/24"]);
            command.arg("--token-auth-file").arg(folder.join("tokens.csv"));
        })?;
        let (kubectl, own) = (programs.kubectl.clone(), Some((api_port, operator)));
        let mut cluster = Self { kubeconfig, kubectl, servers: Vec::new(), own };
        wait_until(&mut apiserver, folder, Duration::from_secs(90), || {
            cluster.kubectl().args(["get", "--raw", "/readyz"]).output().is_ok_and(|out| out.status.success())
        })?;
        cluster.servers.extend([apiserver, etcd]);
        Ok(cluster)
    }

    /// A proxied kubeconfig of the user `operator`, which is subject to flow control like a service account.
    pub fn proxied(&self, folder: &Path, in_front: Option<InFront<'_>>) -> Result<(PathBuf, Proxy)> {
        let (port, token) = self.own.as_ref().context("only a cluster of our own has a proxy")?;
        let (target, scheme) = in_front.map_or((*port, "https"), |serve| (serve(*port), "http"));
        let proxy = Proxy::start(target)?;
        let kubeconfig = folder.join("operator.kubeconfig");
        fs::write(&kubeconfig, kubeconfig_text(&format!("{scheme}://127.0.0.1:{}", proxy.port), token))?;
        let mut bind = self.kubectl();
        bind.args(["create", "clusterrolebinding", "operator", "--clusterrole=cluster-admin", "--user=operator"]);
        output(&mut bind)?;
        Ok((kubeconfig, proxy))
    }

    /// kubectl for this cluster.
    pub fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }
}

pub(crate) fn kubeconfig_text(address: &str, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: subtitles-dev\n\
         clusters: [{{name: dev, cluster: {{server: '{address}', insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: admin, user: {{token: '{token}'}}}}]\n\
         contexts: [{{name: subtitles-dev, context: {{cluster: dev, user: admin}}}}]\n"
    )
}
