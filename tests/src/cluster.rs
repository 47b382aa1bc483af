//! A real Kubernetes API server: compiled once from the Go modules in `tests/cluster/` into a cache outside the
//! checkout, then started with etcd on free loopback ports. Honours `KUBEBUILDER_ASSETS`. Does I/O.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::process::{Server, free_port, output, wait_until};

const VERSION: &str = "v1.34.4";

/// Where the control plane's programs are.
pub struct Programs {
    etcd: PathBuf,
    apiserver: PathBuf,
    /// Arguments before the API server's own, for the binary that holds every component.
    component: &'static [&'static str],
}

/// The cache outside the checkout: `$XDG_CACHE_HOME/subtitles`, or `~/.cache/subtitles`.
pub fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(base) => PathBuf::from(base),
        None => PathBuf::from(env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache"),
    };
    Ok(base.join("subtitles"))
}

impl Programs {
    /// Finds the programs, compiling those that are not in the cache yet (about 6 minutes on 2 cores, once).
    pub fn find_or_build(progress: impl Fn(&str)) -> Result<Self> {
        if let Some(assets) = env::var_os("KUBEBUILDER_ASSETS") {
            let assets = PathBuf::from(assets);
            let found = Self { etcd: assets.join("etcd"), apiserver: assets.join("kube-apiserver"), component: &[] };
            ensure!(
                found.etcd.exists() && found.apiserver.exists(),
                "KUBEBUILDER_ASSETS is {}, which lacks etcd or kube-apiserver",
                assets.display()
            );
            return Ok(found);
        }
        let folder = cache()?.join("bin").join(VERSION);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let info = "k8s.io/component-base/version";
        let flags = format!(
            "-s -w -X {info}.gitVersion={VERSION} -X {info}.gitMajor=1 -X {info}.gitMinor=34 -X {info}.gitTreeState=clean"
        );
        Ok(Self {
            etcd: build("etcd", &folder, &flags, &progress)?,
            apiserver: build("kube", &folder, &flags, &progress)?,
            component: &["kube-apiserver"],
        })
    }
}

fn build(module: &str, folder: &Path, flags: &str, progress: impl Fn(&str)) -> Result<PathBuf> {
    let program = folder.join(module);
    if program.exists() {
        return Ok(program);
    }
    progress(&format!("compiling {module} from its Go module, once"));
    let unfinished = folder.join(format!("{module}.{}", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster").join(module);
    let status = Command::new("go")
        .args(["build", "-trimpath", "-ldflags", flags, "-o"])
        .arg(&unfinished)
        .arg(".")
        .current_dir(&source)
        .env("CGO_ENABLED", "0")
        .status()
        .context("failed to start 'go': Go 1.26 or later is needed to compile Kubernetes")?;
    if !status.success() {
        bail!("compiling {module} ended with {status}; is the Go module proxy reachable?");
    }
    fs::rename(&unfinished, &program)?;
    Ok(program)
}

/// A running etcd and API server.
pub struct ControlPlane {
    /// For kubectl and clients.
    pub kubeconfig: PathBuf,
    /// The API server, before etcd, so that it ends first.
    pub apiserver: Server,
    /// Its store.
    pub etcd: Server,
}

impl ControlPlane {
    /// Starts both in `folder` and waits until the API server is ready (about 3 s).
    pub fn start(programs: &Programs, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (client_port, peer_port, api_port) = (free_port()?, free_port()?, free_port()?);
        let (client, peer) = (format!("http://127.0.0.1:{client_port}"), format!("http://127.0.0.1:{peer_port}"));
        let etcd = Server::start("etcd", &programs.etcd, folder, |command| {
            command.arg("--data-dir").arg(folder.join("etcd")).arg("--unsafe-no-fsync");
            command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
            command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
            command.arg("--initial-cluster").arg(format!("default={peer}"));
        })?;

        let key = folder.join("service-account.key");
        if !key.exists() {
            output(Command::new("openssl").args(["genrsa", "-out"]).arg(&key).arg("2048"))?;
        }
        let token = output(Command::new("openssl").args(["rand", "-hex", "16"]))?.trim().to_owned();
        fs::write(folder.join("tokens.csv"), format!("{token},admin,admin,\"system:masters\"\n"))?;
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, kubeconfig_text(api_port, &token))?;

        let mut apiserver = Server::start("kube-apiserver", &programs.apiserver, folder, |command| {
            command.args(programs.component);
            command.args(["--etcd-servers", &client, "--bind-address", "127.0.0.1"]);
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
        wait_until(&mut apiserver, folder, Duration::from_secs(90), || {
            kubectl(&kubeconfig).args(["get", "--raw", "/readyz"]).output().is_ok_and(|out| out.status.success())
        })?;
        Ok(Self { kubeconfig, apiserver, etcd })
    }

    /// A kubectl that talks to this server.
    pub fn kubectl(&self) -> Command {
        kubectl(&self.kubeconfig)
    }
}

/// A kubectl with this kubeconfig.
pub fn kubectl(kubeconfig: &Path) -> Command {
    let mut command = Command::new("kubectl");
    command.env("KUBECONFIG", kubeconfig);
    command
}

fn kubeconfig_text(port: u16, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: subtitles-dev\n\
         clusters: [{{name: dev, cluster: {{server: 'https://127.0.0.1:{port}', insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: admin, user: {{token: '{token}'}}}}]\n\
         contexts: [{{name: subtitles-dev, context: {{cluster: dev, user: admin}}}}]\n"
    )
}
