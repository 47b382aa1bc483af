//! The product as users install it: a cluster with its images, `manifests/dev`, and the chart. Does I/O.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    Progress,
    image::product,
    kubernetes::{
        cluster::Cluster,
        node::{Node, SERVER_IMAGES},
    },
    process::output,
    progress::parallel::parallel,
    root,
    tools::{HELM_4, go::GoProgram},
};

/// The namespace of the installation.
pub const NAMESPACE: &str = "subtitles";
/// The name of the Helm release.
pub const RELEASE: &str = "subtitles";
const CREATE_NAMESPACE: &str = include_str!("installation/namespace.yaml");
/// The volumes that a storage class would provision.
const VOLUMES: &str = include_str!("installation/volumes.yaml");

/// A cluster with RabbitMQ, Redis and sample videos, ready for the chart.
pub struct Installation {
    /// The Kubernetes API.
    pub cluster: Cluster,
    /// The node, unless the cluster is the user's own.
    pub node: Option<Node>,
    /// A folder for temporary files.
    pub folder: PathBuf,
}

/// Creates the volumes that `manifests/dev` claims, in this folder for `library` or in folders of the node.
pub fn make_volumes(node: &Node, library: Option<&Path>) -> Result<()> {
    let (store, own) = (node.folder().join("store"), node.folder().join("library"));
    let library = library.unwrap_or(&own);
    for folder in [&store, library] {
        fs::create_dir_all(folder)?;
        // The pods run as a user without a name.
        output(Command::new("chmod").arg("0777").arg(folder))?;
    }
    let volumes = VOLUMES.replace("STORE", &store.display().to_string());
    let file = node.folder().join("volumes.yaml");
    fs::write(&file, volumes.replace("LIBRARY", &library.display().to_string()))?;
    output(node.cluster.kubectl().args(["apply", "-f"]).arg(&file)).map(drop)
}

impl Installation {
    /// Builds the images, starts a node of this `name`, and applies `manifests/dev`. Pods write to `library`, or to a
    /// folder of the node.
    pub fn on_a_node(name: &str, library: Option<&Path>, progress: Progress<'_>) -> Result<Self> {
        let images = || product::images(progress);
        let (images, _, node) =
            parallel(progress, images, || HELM_4.find_or_build(progress), || Node::start(name, progress))?;
        node.load(&images.subtitles.archive)?;
        node.load(&images.apertium.archive)?;
        node.load_servers(&SERVER_IMAGES, progress)?;
        progress("the images are loaded");
        make_volumes(&node, library)?;
        let (kubeconfig, kubectl) = (node.cluster.kubeconfig.clone(), node.cluster.kubectl.clone());
        let cluster = Cluster { kubeconfig, kubectl, servers: Vec::new(), started: None };
        let this = Self { cluster, folder: node.folder().to_path_buf(), node: Some(node) };
        this.start_servers(progress)?;
        Ok(this)
    }

    /// Applies `manifests/dev` to the user's own cluster, which must have the images already.
    pub fn on_a_cluster(context: &str, folder: &Path, progress: Progress<'_>) -> Result<Self> {
        let cluster = Cluster::existing(context, folder)?;
        let this = Self { cluster, node: None, folder: folder.to_path_buf() };
        this.start_servers(progress)?;
        Ok(this)
    }

    fn start_servers(&self, progress: Progress<'_>) -> Result<()> {
        HELM_4.find_or_build(progress)?;
        self.apply(CREATE_NAMESPACE)?;
        output(self.kubectl().arg("apply").arg("-k").arg(root().join("manifests/dev")))?;
        let servers = ["deployment/rabbitmq", "deployment/redis", "deployment/library"];
        self.run(self.kubectl().args(["wait", "--for=condition=Available", "--timeout=180s"]).args(servers))?;
        let films = ["wait", "--for=condition=Complete", "job/sample-films", "--timeout=120s"];
        self.run(self.kubectl().args(films))?;
        progress("RabbitMQ and Redis run, and the sample videos are served");
        Ok(())
    }

    /// The node, unless the cluster is the user's own.
    pub fn node(&self) -> Result<&Node> {
        self.node.as_ref().context("this cluster was not started here")
    }

    /// kubectl in the product's namespace.
    pub fn kubectl(&self) -> Command {
        let mut command = self.cluster.kubectl();
        command.args(["--namespace", NAMESPACE]);
        command
    }

    /// Applies a manifest whose objects name their namespaces.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        let file = self.folder.join("manifest.yaml");
        fs::write(&file, manifest)?;
        output(self.cluster.kubectl().args(["apply", "-f"]).arg(&file)).map(drop)
    }

    /// Helm in the product's namespace, with folders of its own.
    pub fn helm(&self, version: &GoProgram) -> Result<Command> {
        let mut command = Command::new(version.find_or_build(&|_| ())?);
        command.env("KUBECONFIG", &self.cluster.kubeconfig).args(["--namespace", NAMESPACE]);
        let own = self.folder.join("helm");
        command.env("HELM_CACHE_HOME", own.join("cache")).env("HELM_CONFIG_HOME", own.join("config"));
        command.env("HELM_DATA_HOME", own.join("data"));
        Ok(command)
    }

    /// A shell with kubectl, in the product's namespace, and Helm on its PATH, which runs commands of a page as a reader would.
    pub fn shell(&self, helm: &GoProgram, commands: &str) -> Result<Command> {
        let kubeconfig = self.folder.join("shell.kubeconfig");
        fs::copy(&self.cluster.kubeconfig, &kubeconfig)?;
        let mut context = Command::new(&self.cluster.kubectl);
        context.env("KUBECONFIG", &kubeconfig);
        output(context.args(["config", "set-context", "--current", "--namespace", NAMESPACE]))?;
        let helm = self.helm(helm)?;
        let programs = [Path::new(helm.get_program()), &self.cluster.kubectl];
        let folders =
            programs.into_iter().filter_map(Path::parent).filter(|folder| folder.is_absolute()).map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(folders.chain(env::split_paths(&path)))?;
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", commands]);
        shell.envs(helm.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("KUBECONFIG", kubeconfig).env("PATH", path);
        Ok(shell)
    }

    /// Installs or upgrades the release with the values of `manifests/dev` and `values`, and waits for it.
    pub fn install(&self, helm: &GoProgram, verb: &[&str], chart: &Path, values: &Path) -> Result<()> {
        let mut helm = self.helm(helm)?;
        helm.args(verb).arg(RELEASE).arg(chart).arg("--values").arg(root().join("manifests/dev/values.yaml"));
        helm.arg("--values").arg(values);
        self.run(helm.args(["--wait", "--timeout=180s"])).map(drop)
    }

    /// Runs a command; prints the state of the pods if it fails.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        output(command).inspect_err(|_| self.print_state())
    }

    /// Prints what an administrator looks at first after a failure.
    pub fn print_state(&self) {
        for arguments in [
            &["get", "pods,pvc,jobs", "-o", "wide"][..],
            &["get", "events", "--sort-by=.lastTimestamp"],
            &["logs", "-l", "app.kubernetes.io/part-of=subtitles", "--tail=15", "--prefix", "--all-containers"],
        ] {
            let text = self.kubectl().args(arguments).output();
            println!("{}", text.map(|text| String::from_utf8_lossy(&text.stdout).into_owned()).unwrap_or_default());
        }
    }
}
