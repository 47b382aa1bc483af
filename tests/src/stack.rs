//! The whole system as processes on free loopback ports: API server, RabbitMQ, Redis, operator, downloader,
//! translator, and a video library made on the spot. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    cluster::{ControlPlane, Programs},
    process::{Server, free_port, output, wait_until},
    root,
    servers::{Broker, Redis},
};

/// Everything, stopped when dropped; what depends on others first.
pub struct Stack {
    /// The operator.
    pub operator: Server,
    /// The downloader.
    pub downloader: Server,
    /// The translator.
    pub translator: Server,
    /// etcd and the API server.
    pub cluster: ControlPlane,
    /// RabbitMQ.
    pub broker: Broker,
    /// Redis.
    pub redis: Redis,
    /// Where the operator's HTTP API is.
    pub api: String,
    /// The video library.
    pub library: PathBuf,
    /// The object store's directory.
    pub store: PathBuf,
    folder: PathBuf,
    programs: PathBuf,
}

/// Builds operator and workers; the folder of their programs.
fn build() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--locked"]).current_dir(root());
    output(&mut cargo)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("debug"))
}

impl Stack {
    /// Starts everything in `folder` and applies the CRD.
    pub fn start(folder: &Path) -> Result<Self> {
        let programs = build()?;
        let (library, store) = (folder.join("library"), folder.join("store"));
        fs::create_dir_all(&library)?;
        fs::create_dir_all(&store)?;
        let kubernetes = Programs::find_or_build(|step| println!("{step}"))?;
        let cluster = ControlPlane::start(&kubernetes, &folder.join("kubernetes"))?;
        let broker = Broker::start(&folder.join("rabbitmq"), free_port()?)?;
        let redis = Redis::start(&folder.join("redis"), free_port()?)?;
        output(cluster.kubectl().args(["apply", "--server-side", "-f"]).arg(root().join("crds/subtitlejobs.yaml")))?;
        output(cluster.kubectl().args(["wait", "--for=condition=Established", "crd/subtitlejobs.subtitles.dev"]))?;
        let port = free_port()?;
        let api = format!("http://127.0.0.1:{port}");
        let mut operator = operator(&programs, folder, &cluster, &broker, &redis, port)?;
        let ready = || reachable(&format!("{api}/readyz"));
        wait_until(&mut operator, folder, Duration::from_secs(60), ready)?;
        let downloader = worker(&programs, folder, "subtitle-downloader", &broker, &api, &library, &store)?;
        let translator = worker(&programs, folder, "subtitle-translator", &broker, &api, &library, &store)?;
        let folder = folder.to_path_buf();
        Ok(Self { operator, downloader, translator, cluster, broker, redis, api, library, store, folder, programs })
    }

    /// Kills the translator and starts another.
    pub fn restart_translator(&mut self) -> Result<()> {
        self.translator.kill();
        let name = "subtitle-translator";
        self.translator =
            worker(&self.programs, &self.folder, name, &self.broker, &self.api, &self.library, &self.store)?;
        Ok(())
    }

    /// Kills the operator and starts another on the same port.
    pub fn restart_operator(&mut self) -> Result<()> {
        self.operator.kill();
        let port = self.api.rsplit(':').next().and_then(|port| port.parse().ok()).context("the API has a port")?;
        self.operator = operator(&self.programs, &self.folder, &self.cluster, &self.broker, &self.redis, port)?;
        Ok(())
    }

    /// Applies a manifest.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        let file = self.folder.join("manifest.yaml");
        fs::write(&file, manifest)?;
        output(self.cluster.kubectl().args(["apply", "-f"]).arg(&file)).map(drop)
    }

    /// The object, once its condition `Finished` is true.
    pub fn finished(&self, name: &str, limit: Duration) -> Result<Value> {
        let object = format!("subtitlejob/{name}");
        let timeout = format!("--timeout={}s", limit.as_secs());
        let waited = output(self.cluster.kubectl().args(["wait", "--for=condition=Finished", &object, &timeout]));
        let job: Value = serde_json::from_str(&output(self.cluster.kubectl().args(["get", &object, "-o", "json"]))?)?;
        waited.with_context(|| format!("{name} is not finished; its status is {:#}", job["status"]))?;
        Ok(job)
    }

    /// GETs a path of the API.
    pub fn get(&self, path: &str) -> Result<(u16, Value)> {
        self.call(path, &[])
    }

    /// POSTs JSON to a path of the API.
    pub fn post(&self, path: &str, body: &str) -> Result<(u16, Value)> {
        self.call(path, &["-H", "Content-Type: application/json", "-d", body])
    }

    fn call(&self, path: &str, arguments: &[&str]) -> Result<(u16, Value)> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-w", "\n%{http_code}"]).args(arguments).arg(format!("{}{path}", self.api));
        let answer = output(&mut curl)?;
        let (body, code) = answer.rsplit_once('\n').context("curl printed a status")?;
        Ok((code.parse()?, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    /// The types of a job's events, oldest first, once the last of them is `last`.
    pub fn events_until(&self, id: &str, last: &str) -> Result<Vec<String>> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (_, page) = self.get(&format!("/subtitles/{id}/events?limit=500"))?;
            let mut types: Vec<String> = page["events"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|event| event["event_type"].as_str().map(str::to_owned))
                .collect();
            types.reverse();
            if types.last().is_some_and(|newest| newest == last) {
                return Ok(types);
            }
            if Instant::now() > deadline {
                bail!("the history of {id} does not end with {last}: {types:?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn reachable(url: &str) -> bool {
    Command::new("curl").args(["-sf", "-o", "/dev/null", url]).status().is_ok_and(|status| status.success())
}

fn operator(
    programs: &Path,
    folder: &Path,
    cluster: &ControlPlane,
    broker: &Broker,
    redis: &Redis,
    port: u16,
) -> Result<Server> {
    Server::start("operator", &programs.join("subtitle-operator"), folder, |command| {
        command.arg("run").env("KUBECONFIG", &cluster.kubeconfig);
        command.env("SUBTITLES_BROKER_URL", &broker.url).env("SUBTITLES_REDIS_URL", &redis.url);
        command.env("SUBTITLES_LISTEN", format!("127.0.0.1:{port}"));
        command.env("SUBTITLES_STORE_URL", format!("file://{}", folder.join("store").display()));
    })
}

fn worker(
    programs: &Path,
    folder: &Path,
    name: &str,
    broker: &Broker,
    api: &str,
    library: &Path,
    store: &Path,
) -> Result<Server> {
    Server::start(name, &programs.join(name), folder, |command| {
        command.env("SUBTITLES_BROKER_URL", &broker.url).env("SUBTITLES_PUBLIC_URL", api);
        command.env("SUBTITLES_STORE_URL", format!("file://{}", store.display()));
        command.env("SUBTITLES_LIBRARIES", format!("default={}", library.display()));
    })
}
