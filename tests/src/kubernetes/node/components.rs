//! The programs of a node and how each is started. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{Sandbox, until_ready};
use crate::{
    Progress, cache, image,
    kubernetes::{cluster::Cluster, programs::NodePrograms},
    process::{Server, eventually, output, wait_until},
    progress::count::Count,
    root,
    tools::go::build_once,
};

const SERVICES: &str = "10.96.0.0/24";
const DNS_SERVICE: &str = "10.96.0.10";
const PAUSE: &str = "localhost/pause:1";

/// What components run in and where they keep their files.
pub(super) struct Launcher<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) folder: &'a Path,
    pub(super) programs: &'a NodePrograms,
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("containerd/containerd.sock")
}

fn images(sandbox: &Sandbox, folder: &Path) -> Command {
    let mut command = sandbox.command("ctr");
    command.arg("--address").arg(socket(folder)).args(["--namespace", "k8s.io", "images"]);
    command
}

/// Imports an image archive.
pub(super) fn load(sandbox: &Sandbox, folder: &Path, archive: &Path) -> Result<()> {
    let mut import = images(sandbox, folder);
    output(import.arg("import").arg(archive)).map(drop).with_context(|| format!("failed to load {}", archive.display()))
}

/// Gives a loaded image another name.
pub(super) fn tag(sandbox: &Sandbox, folder: &Path, from: &str, to: &str) -> Result<()> {
    output(images(sandbox, folder).args(["tag", "--force", from, to])).map(drop)
}

impl Launcher<'_> {
    /// Starts everything; returns the servers, the kubelet first.
    pub(super) fn start_all(&self, coredns: &Path, progress: Progress<'_>) -> Result<(Cluster, Vec<Server>)> {
        let containerd = self.containerd()?;
        let (etcd, cluster, apiserver) = self.api()?;
        progress("the Kubernetes API answers");
        load(self.sandbox, self.folder, &pause_archive(progress)?)?;
        let kubeconfig = &cluster.kubeconfig;
        let controllers = self.component("kube-controller-manager", |command| {
            command.arg("--kubeconfig").arg(kubeconfig).arg("--service-account-private-key-file").arg(self.key());
            command.arg("--root-ca-file").arg(self.folder.join("pki/apiserver.crt"));
            command.args(["--use-service-account-credentials=true", "--leader-elect=false"]);
        })?;
        let scheduler = self.component("kube-scheduler", |command| {
            command.arg("--kubeconfig").arg(kubeconfig).arg("--leader-elect=false");
        })?;
        let kubelet = self.kubelet(kubeconfig)?;
        let proxy = self.component("kube-proxy", |command| {
            command.arg("--kubeconfig").arg(kubeconfig).args(["--proxy-mode=nftables", "--hostname-override=node"]);
            command.arg(format!("--bind-address={}", self.sandbox.address)).arg("--cluster-cidr=10.244.0.0/16");
            // What it would set is the machine's, not the network namespace's.
            command.args(["--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0"]);
            command.arg("--conntrack-tcp-timeout-close-wait=0");
        })?;
        let dns = self.dns(coredns, &cluster)?;
        until_ready(&cluster)?;
        progress("the node is ready");
        Ok((cluster, vec![kubelet, controllers, scheduler, proxy, dns, containerd, apiserver, etcd]))
    }

    fn key(&self) -> PathBuf {
        self.folder.join("service-account.key")
    }

    fn component(&self, name: &str, configure: impl FnOnce(&mut Command)) -> Result<Server> {
        self.sandbox.server(name, &self.programs.kube, self.folder, |command| configure(command.arg(name)))
    }

    fn api(&self) -> Result<(Server, Cluster, Server)> {
        let (client, peer) = ("http://127.0.0.1:2379", "http://127.0.0.1:2380");
        let etcd = self.sandbox.server("etcd", &self.programs.etcd, self.folder, |command| {
            command.arg("--data-dir").arg(self.folder.join("etcd")).arg("--unsafe-no-fsync");
            command.args(["--listen-client-urls", client, "--advertise-client-urls", client]);
            command.args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]);
            command.arg("--initial-cluster").arg(format!("default={peer}"));
        })?;
        output(Command::new("openssl").args(["genrsa", "-out"]).arg(self.key()).arg("2048"))?;
        let token = output(Command::new("openssl").args(["rand", "-hex", "16"]))?.trim().to_owned();
        // By which it says to servers of further APIs, such as KEDA's, on whose behalf it asks.
        let (front, front_key) = (self.folder.join("front-proxy.crt"), self.folder.join("front-proxy.key"));
        let mut certificate = Command::new("openssl");
        certificate.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=front-proxy"]);
        output(certificate.arg("-keyout").arg(&front_key).arg("-out").arg(&front))?;
        let tokens = self.folder.join("tokens.csv");
        fs::write(&tokens, format!("{token},admin,admin,\"system:masters\"\n"))?;
        let kubeconfig = self.folder.join("kubeconfig");
        fs::write(
            &kubeconfig,
            crate::kubernetes::cluster::kubeconfig_text(
                &format!("https://{}:6443", self.sandbox.address),
                "admin",
                &token,
            ),
        )?;
        let mut apiserver = self.component("kube-apiserver", |command| {
            command.args(["--etcd-servers", client, "--secure-port=6443", "--bind-address=0.0.0.0"]);
            command.arg(format!("--advertise-address={}", self.sandbox.address));
            command.arg("--cert-dir").arg(self.folder.join("pki"));
            command.arg("--service-account-key-file").arg(self.key());
            command.arg("--service-account-signing-key-file").arg(self.key());
            command.arg("--service-account-issuer=https://kubernetes.default.svc");
            command.args(["--service-cluster-ip-range", SERVICES, "--authorization-mode=Node,RBAC"]);
            command.arg("--token-auth-file").arg(&tokens);
            command.args(["--allow-privileged=true", "--kubelet-preferred-address-types=InternalIP"]);
            command.arg("--requestheader-client-ca-file").arg(&front).arg("--requestheader-allowed-names=front-proxy");
            command.args([
                "--requestheader-username-headers=X-Remote-User",
                "--requestheader-group-headers=X-Remote-Group",
            ]);
            command.arg("--requestheader-extra-headers-prefix=X-Remote-Extra-");
            command.arg("--proxy-client-cert-file").arg(&front).arg("--proxy-client-key-file").arg(&front_key);
        })?;
        let cluster =
            Cluster { kubeconfig, kubectl: self.programs.kubectl.clone(), servers: Vec::new(), started: None };
        wait_until(&mut apiserver, self.folder, Duration::from_secs(90), || {
            cluster.kubectl().args(["get", "--raw", "/readyz"]).output().is_ok_and(|out| out.status.success())
        })?;
        Ok((etcd, cluster, apiserver))
    }

    fn containerd(&self) -> Result<Server> {
        let home = self.folder.join("containerd");
        let networks = self.folder.join("networks");
        fs::create_dir_all(&home)?;
        fs::create_dir_all(&networks)?;
        let configuration = self.folder.join("containerd.toml");
        let text = include_str!("containerd.toml")
            .replace("HOME", &home.display().to_string())
            .replace("NETWORKS", &networks.display().to_string())
            .replace("PAUSE", PAUSE);
        fs::write(&configuration, text)?;
        fs::write(networks.join("10-pods.conflist"), include_str!("network.json"))?;
        let mut server = self.sandbox.server("containerd", Path::new("containerd"), self.folder, |command| {
            command.arg("--config").arg(&configuration);
        })?;
        let socket = socket(self.folder);
        wait_until(&mut server, self.folder, Duration::from_secs(30), || socket.exists())?;
        Ok(server)
    }

    fn kubelet(&self, kubeconfig: &Path) -> Result<Server> {
        let configuration = self.folder.join("kubelet.yaml");
        // Pods ask the cluster's DNS only, not the machine's.
        let resolver = self.folder.join("resolv.conf");
        fs::write(&resolver, format!("nameserver {DNS_SERVICE}\n"))?;
        let text = include_str!("kubelet.yaml")
            .replace("RESOLVER", &resolver.display().to_string())
            .replace("SOCKET", &socket(self.folder).display().to_string())
            .replace("GROUP", &self.sandbox.cgroup)
            .replace("NAMESERVER", DNS_SERVICE);
        fs::write(&configuration, text)?;
        self.component("kubelet", |command| {
            command.arg("--config").arg(&configuration).arg("--kubeconfig").arg(kubeconfig);
            command.arg("--root-dir").arg(self.folder.join("kubelet"));
            command.arg("--cert-dir").arg(self.folder.join("kubelet-pki"));
            command.arg(format!("--node-ip={}", self.sandbox.address)).arg("--hostname-override=node");
        })
    }

    /// Starts CoreDNS on the node's address, behind the usual service.
    fn dns(&self, coredns: &Path, cluster: &Cluster) -> Result<Server> {
        let address = self.sandbox.address;
        let configuration = self.folder.join("Corefile");
        let zone = format!("kubernetes cluster.local {SERVICES} {{\n kubeconfig {}\n }}", cluster.kubeconfig.display());
        fs::write(&configuration, format!(".:53 {{\n bind {address}\n {zone}\n}}\n"))?;
        let server = self.sandbox.server("coredns", coredns, self.folder, |command| {
            command.arg("-conf").arg(&configuration);
        })?;
        let service = self.folder.join("dns.yaml");
        let text = include_str!("dns.yaml").replace("SERVICE", DNS_SERVICE).replace("NODE", &address.to_string());
        fs::write(&service, text)?;
        eventually("the DNS service is made", Duration::from_secs(30), || {
            output(cluster.kubectl().args(["apply", "-f"]).arg(&service)).ok()
        })?;
        Ok(server)
    }
}

/// The archive of the pause image, created once.
fn pause_archive(progress: Progress<'_>) -> Result<PathBuf> {
    let folder = cache()?.join("images/pause");
    let source = root().join("tests/cluster/pause/pause.c");
    let program = build_once(
        &folder.join("bin/pause"),
        || Count::None,
        progress,
        |into| {
            let mut compile = Command::new("sh");
            compile
                .args(["-c", "mkdir -p \"$2\" && gcc -static -Os -s -o \"$2/pause\" \"$1\"", "sh"])
                .arg(&source)
                .arg(into);
            compile
        },
    )?;
    let archive = folder.join("pause.tar");
    if !archive.exists() {
        let rootfs = program.parent().context("a program has a folder")?;
        image::pack(&image::Plain { reference: PAUSE, rootfs, user: "65535", entrypoint: "/pause" }, &archive)?;
    }
    Ok(archive)
}
