//! A real Kubernetes API server with etcd on free loopback ports, or the user's own cluster, by its context. Does I/O.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    kubernetes::programs::{Programs, installed_kubectl},
    process::{Server, free_port, output, wait_until},
    servers::proxy::Proxy,
};

/// Starts a plain HTTP proxy in front of the API server on a port; returns the proxy's port.
pub type StartHttpProxy<'a> = &'a (dyn Fn(u16) -> u16 + Sync);

/// An API server that was started here.
pub(crate) struct StartedApiServer {
    port: u16,
    /// The token of its user `operator`.
    operator_token: String,
}

/// A Kubernetes API.
pub struct Cluster {
    /// The kubeconfig for kubectl and clients.
    pub kubeconfig: PathBuf,
    /// The path of kubectl.
    pub kubectl: PathBuf,
    /// The API server and its etcd, stopped in this order; empty for the user's own cluster.
    pub servers: Vec<Server>,
    /// The API server that was started here; `None` for the user's own cluster.
    pub(crate) started: Option<StartedApiServer>,
}

/// Whether etcd syncs its disk before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Fast, for a server that is never killed.
    Disabled,
    /// The server may be killed.
    Enabled,
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
        let cluster = Self { kubeconfig, kubectl, servers: Vec::new(), started: None };
        output(cluster.kubectl().args(["get", "--raw", "/readyz", "--request-timeout=10s"]))
            .with_context(|| format!("failed to reach the cluster of the context '{context}'"))?;
        Ok(cluster)
    }

    /// Starts etcd and the API server with their data in `folder`, and waits until the API server is ready (about 3 s).
    pub fn start(programs: &Programs, folder: &Path, fsync: Fsync) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (client_port, peer_port, api_port) = (free_port()?, free_port()?, free_port()?);
        let (client, peer) = (format!("http://127.0.0.1:{client_port}"), format!("http://127.0.0.1:{peer_port}"));
        let etcd = Server::start("etcd", &programs.etcd, folder, |command| {
            command.arg("--data-dir").arg(folder.join("etcd"));
            if fsync == Fsync::Disabled {
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
        fs::write(&kubeconfig, kubeconfig_text(&format!("https://127.0.0.1:{api_port}"), "admin", &token))?;

        let mut apiserver = Server::start("kube-apiserver", &programs.apiserver, folder, |command| {
            command.args(["--etcd-servers", &client, "--bind-address", "127.0.0.1"]);
            // Otherwise it needs a default route, which an offline machine does not have.
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
        let started = Some(StartedApiServer { port: api_port, operator_token: operator });
        let kubectl = programs.kubectl.clone();
        let mut cluster = Self { kubeconfig, kubectl, servers: Vec::new(), started };
        wait_until(&mut apiserver, folder, Duration::from_secs(90), || {
            cluster.kubectl().args(["get", "--raw", "/readyz"]).output().is_ok_and(|out| out.status.success())
        })?;
        cluster.servers.extend([apiserver, etcd]);
        Ok(cluster)
    }

    /// A proxied kubeconfig of the user `operator`, which is subject to flow control like a service account. Makes that user a
    /// cluster administrator, so it can be called once.
    pub fn proxied(&self, folder: &Path, start_http_proxy: Option<StartHttpProxy<'_>>) -> Result<(PathBuf, Proxy)> {
        let api = self.started.as_ref().context("the user's own cluster cannot be proxied")?;
        let (target, scheme) = start_http_proxy.map_or((api.port, "https"), |start| (start(api.port), "http"));
        let proxy = Proxy::start(target)?;
        let kubeconfig = folder.join("operator.kubeconfig");
        let address = format!("{scheme}://127.0.0.1:{}", proxy.port);
        fs::write(&kubeconfig, kubeconfig_text(&address, "operator", &api.operator_token))?;
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

pub(crate) fn kubeconfig_text(address: &str, user: &str, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: subtitles-dev\n\
         clusters: [{{name: dev, cluster: {{server: '{address}', insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: {user}, user: {{token: '{token}'}}}}]\n\
         contexts: [{{name: subtitles-dev, context: {{cluster: dev, user: {user}}}}}]\n"
    )
}
