//! The whole system as processes on free loopback ports: API server, RabbitMQ, Redis, operator, downloader,
//! translator, and a video library made on the spot. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

use crate::{
    cluster::{Cluster, Disk, InFront, Programs, Progress},
    films,
    process::{Server, cargo, free_port, output, wait_until},
    proxy::Proxy,
    rabbitmq::Broker,
    root,
    servers::Redis,
};

/// Everything, stopped when dropped; what depends on others first.
pub struct Stack {
    /// The operator.
    pub operator: Server,
    /// The downloader.
    pub downloader: Server,
    /// The translator.
    pub translator: Server,
    /// The Kubernetes API.
    pub cluster: Cluster,
    /// RabbitMQ.
    pub broker: Broker,
    /// Redis.
    pub redis: Redis,
    /// Between the servers and the operator and the workers, where that was asked for.
    pub proxies: Option<Proxies>,
    /// Where the operator's HTTP API is.
    pub api: String,
    /// Where the downloader tells its numbers.
    pub downloader_api: String,
    /// The video library.
    pub library: PathBuf,
    /// The object store's directory, where the store is one.
    pub store: PathBuf,
    programs: PathBuf,
    operator_environment: Vec<(String, String)>,
    folder: PathBuf,
}

/// A proxy in front of each server.
pub struct Proxies {
    /// RabbitMQ.
    pub broker: Proxy,
    /// Redis.
    pub redis: Proxy,
    /// The Kubernetes API.
    pub api: Proxy,
}

/// Where the operator and the workers find the servers.
struct Ways {
    kubeconfig: PathBuf,
    broker_url: String,
    redis_url: String,
}

impl Ways {
    fn straight(cluster: &Cluster, broker: &Broker, redis: &Redis) -> Self {
        let (broker_url, redis_url) = (broker.url.clone(), redis.url.clone());
        Self { kubeconfig: cluster.kubeconfig.clone(), broker_url, redis_url }
    }

    fn proxied(
        cluster: &Cluster,
        broker: &Broker,
        redis: &Redis,
        folder: &Path,
        options: &Options<'_>,
    ) -> Result<(Self, Proxies)> {
        let (kubeconfig, api) = cluster.proxied(folder, options.in_front_of_api)?;
        let through = |url: &str| {
            let port =
                url.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()).context("a URL with a port")?;
            let proxy = Proxy::start(port.parse()?)?;
            Ok::<_, anyhow::Error>((url.replace(port, &proxy.port.to_string()), proxy))
        };
        let ((broker_url, broker), (redis_url, redis)) = (through(&broker.url)?, through(&redis.url)?);
        Ok((Self { kubeconfig, broker_url, redis_url }, Proxies { broker, redis, api }))
    }
}

/// What can differ from one stack to another.
pub struct Options<'a> {
    /// The video library; the sample films are made in it.
    pub library: PathBuf,
    /// Another object store than the directory: its URL, and what its client needs in the environment.
    pub store: Option<(String, Vec<(String, String)>)>,
    /// How long each answer of the simulated source and engine takes.
    pub simulated_delay: Duration,
    /// Further variables of the operator and the workers.
    pub environment: Vec<(String, String)>,
    /// How operator and workers are compiled.
    pub profile: Profile,
    /// Whether every server may be killed, and cut off by a proxy between it and the operator and the workers.
    pub faulty: bool,
    /// What a faulty stack's operator finds in place of the API server.
    pub in_front_of_api: Option<InFront<'a>>,
    /// Told what is being done.
    pub progress: Progress<'a>,
}

/// How something is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Soon.
    Dev,
    /// To be fast, as for a release.
    Bench,
}

/// Builds operator and workers; the folder of their programs.
pub fn build(profile: Profile) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--locked"]);
    if profile == Profile::Bench {
        // With the bench, so that what both stand on is compiled once.
        cargo.args(["--profile", "bench", "--bench", "pipeline"]);
    }
    output(&mut cargo)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(if profile == Profile::Bench { "release" } else { "debug" }))
}

/// Operator and workers as they are now: whoever compiles meanwhile changes nothing of what runs and is started again.
fn kept(programs: &Path, folder: &Path) -> Result<PathBuf> {
    let kept = folder.join("programs");
    fs::create_dir_all(&kept)?;
    for name in ["subtitle-operator", "subtitle-downloader", "subtitle-translator"] {
        let (from, to) = (programs.join(name), kept.join(name));
        let _ = fs::remove_file(&to);
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).context("failed to keep a program")?;
    }
    Ok(kept)
}

fn cluster(folder: &Path, options: &Options<'_>) -> Result<Cluster> {
    let disk = if options.faulty { Disk::Synced } else { Disk::Unsynced };
    let cluster = Cluster::start(&Programs::find_or_build(options.progress)?, folder, disk)?;
    output(cluster.kubectl().args(["apply", "--server-side", "-f"]).arg(root().join("crds/subtitlejobs.yaml")))?;
    output(cluster.kubectl().args(["wait", "--for=condition=Established", "crd/subtitlejobs.subtitles.dev"]))?;
    (options.progress)("the Kubernetes API answers and knows SubtitleJobs");
    Ok(cluster)
}

impl<'a> Options<'a> {
    /// As tests need it.
    pub fn new(library: PathBuf, progress: Progress<'a>) -> Self {
        let (simulated_delay, environment, profile) = (Duration::ZERO, Vec::new(), Profile::Dev);
        let (store, faulty, in_front_of_api) = (None, false, None);
        Self { library, store, simulated_delay, environment, profile, faulty, in_front_of_api, progress }
    }
}

impl Stack {
    /// Starts everything in `folder`, as tests need it; the store is a directory unless one is given.
    pub fn start(folder: &Path, store: Option<(String, Vec<(String, String)>)>) -> Result<Self> {
        let library = folder.join("library");
        let progress = |step: &str| println!("{step}");
        let options = Options { store, ..Options::new(library, &progress) };
        Self::start_with(folder, &options)
    }

    /// Starts everything in `folder`, side by side where nothing waits for the other, and applies the CRD.
    pub fn start_with(folder: &Path, options: &Options<'_>) -> Result<Self> {
        let (library, store) = (options.library.clone(), folder.join("store"));
        fs::create_dir_all(&store)?;
        let directory = || (format!("file://{}", store.display()), Vec::new());
        let (store_url, mut store_environment) = options.store.clone().unwrap_or_else(directory);
        store_environment.push(("SUBTITLES_STORE_URL".to_owned(), store_url));
        let (cluster, programs, servers) = thread::scope(|scope| {
            let cluster = scope.spawn(|| cluster(&folder.join("kubernetes"), options));
            let programs = scope.spawn(|| {
                let programs = kept(&build(options.profile)?, folder)?;
                (options.progress)("operator and workers are built");
                Ok::<_, anyhow::Error>(programs)
            });
            let servers = || {
                films::make(&library)?;
                (options.progress)("two sample films are made");
                let redis = Redis::start(&folder.join("redis"), free_port()?)?;
                let broker = Broker::start(&folder.join("rabbitmq"), free_port()?)?;
                (options.progress)("RabbitMQ and Redis run");
                Ok::<_, anyhow::Error>((broker, redis))
            };
            let servers = servers();
            let broken = |_| anyhow!("a thread that starts servers broke");
            (cluster.join().map_err(broken).flatten(), programs.join().map_err(broken).flatten(), servers)
        });
        let (cluster, programs, (broker, redis)) = (cluster?, programs?, servers?);
        let mut operator_environment = store_environment.clone();
        operator_environment.extend(options.environment.iter().cloned());
        let (ways, proxies) = if options.faulty {
            let (ways, proxies) = Ways::proxied(&cluster, &broker, &redis, folder, options)?;
            (ways, Some(proxies))
        } else {
            (Ways::straight(&cluster, &broker, &redis), None)
        };
        let place = Place { folder, programs: &programs, environment: &operator_environment };
        let (operator, api) = operator("operator", &place, &ways)?;
        let worker = |name: &str, metrics: &str| {
            Server::start(name, &programs.join(name), folder, |command| {
                command.env("SUBTITLES_BROKER_URL", &ways.broker_url).env("SUBTITLES_PUBLIC_URL", &api);
                command.envs(store_environment.iter().cloned());
                command.env("SUBTITLES_LIBRARIES", format!("default={}", library.display()));
                command.env("SUBTITLES_METRICS_LISTEN", metrics);
                let delay = options.simulated_delay.as_millis().to_string();
                command.env("SUBTITLES_SIMULATED_DELAY_MILLISECONDS", delay);
                command.envs(options.environment.iter().cloned());
            })
        };
        let metrics = format!("127.0.0.1:{}", free_port()?);
        let (downloader, translator) =
            (worker("subtitle-downloader", &metrics)?, worker("subtitle-translator", "none")?);
        (options.progress)("operator, downloader and translator run");
        Ok(Self {
            operator,
            downloader,
            translator,
            cluster,
            broker,
            redis,
            proxies,
            api,
            downloader_api: format!("http://{metrics}"),
            library,
            store,
            programs,
            operator_environment,
            folder: folder.to_path_buf(),
        })
    }

    /// Another operator beside the first, under its own name and with further variables; and where its API is.
    pub fn another_operator(&self, name: &str, variables: &[(&str, &str)]) -> Result<(Server, String)> {
        let mut environment = self.operator_environment.clone();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let place = Place { folder: &self.folder, programs: &self.programs, environment: &environment };
        operator(name, &place, &Ways::straight(&self.cluster, &self.broker, &self.redis))
    }

    /// The HTTP API in a process of its own, once it runs; and where it is. It may not be ready yet.
    pub fn api_alone(&self, name: &str) -> Result<(Server, String)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut api = Server::start(name, &self.programs.join("subtitle-operator"), &self.folder, |command| {
            command.arg("api").env("KUBECONFIG", &self.cluster.kubeconfig).env("SUBTITLES_LISTEN", &address);
            command.env("SUBTITLES_REDIS_URL", &self.redis.url).envs(self.operator_environment.iter().cloned());
        })?;
        let api_url = format!("http://{address}");
        wait_until(&mut api, &self.folder, Duration::from_secs(60), || reachable(&format!("{api_url}/healthz")))?;
        Ok((api, api_url))
    }

    /// Every process, in an order in which they may be started again.
    pub fn servers(&mut self) -> impl Iterator<Item = &mut Server> {
        let broker = &mut self.broker;
        let outside = [&mut broker.port_mapper, &mut broker.server, &mut self.redis.server];
        let ours = [&mut self.operator, &mut self.downloader, &mut self.translator];
        self.cluster.servers.iter_mut().rev().chain(outside).chain(ours)
    }

    /// What the operator's program prints for one of its other commands.
    pub fn operator_command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.programs.join("subtitle-operator"));
        command.env("SUBTITLES_BROKER_URL", &self.broker.url).env("SUBTITLES_REDIS_URL", &self.redis.url);
        output(command.args(arguments))
    }

    /// A number of the operator that has no labels; none while it does not answer.
    pub fn operator_metric(&self, name: &str) -> Option<f64> {
        let text = output(Command::new("curl").args(["-sf", "-m", "2", &format!("{}/metrics", self.api)])).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start_matches("{}").strip_prefix(' '));
        value?.parse().ok()
    }

    /// What `redis-cli` prints.
    pub fn redis_command(&self, arguments: &[&str]) -> Result<String> {
        output(Command::new("redis-cli").args(["-u", &self.redis.url]).args(arguments))
            .map(|text| text.trim().to_owned())
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

    /// The types of a job's events in the order of their times, once the last of them is `last`. (The stream's own order
    /// is each publisher's; of two who publish within a moment the later one has been seen first.)
    pub fn events_until(&self, id: &str, last: &str) -> Result<Vec<String>> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (_, page) = self.get(&format!("/subtitles/{id}/events?limit=500"))?;
            let mut events: Vec<&Value> = page["events"].as_array().into_iter().flatten().rev().collect();
            // All in UTC; without the Z the order of the texts is that of the times, however many digits they have.
            events.sort_by_key(|event| event["timestamp"].as_str().map(|time| time.trim_end_matches('Z')));
            let types: Vec<String> =
                events.iter().filter_map(|event| event["event_type"].as_str().map(str::to_owned)).collect();
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

struct Place<'a> {
    folder: &'a Path,
    programs: &'a Path,
    environment: &'a [(String, String)],
}

/// Starts an operator on a free port and waits until it is ready.
fn operator(name: &str, place: &Place<'_>, ways: &Ways) -> Result<(Server, String)> {
    let port = free_port()?;
    let mut operator = Server::start(name, &place.programs.join("subtitle-operator"), place.folder, |command| {
        command.arg("run").env("KUBECONFIG", &ways.kubeconfig);
        command.env("SUBTITLES_BROKER_URL", &ways.broker_url).env("SUBTITLES_REDIS_URL", &ways.redis_url);
        // Started again, it takes its own lease up at once.
        command.env("SUBTITLES_LISTEN", format!("127.0.0.1:{port}")).env("SUBTITLES_IDENTITY", name);
        // Only this machine reaches it.
        command.env("SUBTITLES_API_AUTH", "none");
        command.envs(place.environment.iter().cloned());
    })?;
    let api = format!("http://127.0.0.1:{port}");
    wait_until(&mut operator, place.folder, Duration::from_secs(60), || reachable(&format!("{api}/readyz")))?;
    Ok((operator, api))
}

fn reachable(url: &str) -> bool {
    Command::new("curl").args(["-sf", "-o", "/dev/null", url]).status().is_ok_and(|status| status.success())
}
