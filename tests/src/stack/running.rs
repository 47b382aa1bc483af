//! Starts a stack and holds its processes. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};

use super::{Options, Proxies, StoreOptions, build, build_command_line, programs::pinned, routes::Routes};
use crate::{
    cases::Recover,
    kubernetes::{
        cluster::{Cluster, Fsync},
        programs::Programs,
    },
    process::{Server, free_port, output, wait_until},
    progress::{failure, parallel::parallel, print},
    root,
    samples::videos,
    servers::{rabbitmq::Broker, redis::Redis},
};

/// Every process; stopped when dropped, each before what it depends on. Fields are dropped in declaration order: do not
/// reorder.
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
    /// The proxies of a faulty stack.
    pub proxies: Option<Proxies>,
    /// The base URL of the operator's HTTP API.
    pub api_url: String,
    /// The base URL of the downloader's metrics.
    pub downloader_metrics_url: String,
    /// The video library.
    pub library: PathBuf,
    /// The object store's directory, unless another store was given.
    pub store: PathBuf,
    pub(super) programs: PathBuf,
    pub(super) operator_environment: Vec<(String, String)>,
    pub(super) folder: PathBuf,
}

fn start_cluster(folder: &Path, options: &Options<'_>) -> Result<Cluster> {
    let fsync = if options.faulty { Fsync::Enabled } else { Fsync::Disabled };
    let cluster = Cluster::start(&Programs::find_or_build(options.progress)?, folder, fsync)?;
    output(cluster.kubectl().args(["apply", "--server-side", "-f"]).arg(root().join("crds")))?;
    let definitions = ["crd/subtitlejobs.subtitles.dev", "crd/subtitlepolicies.subtitles.dev"];
    output(cluster.kubectl().args(["wait", "--for=condition=Established"]).args(definitions))?;
    (options.progress)("the Kubernetes API answers and knows SubtitleJobs and SubtitlePolicies");
    Ok(cluster)
}

/// Compiles the binaries. If a preview is configured, compiles the CLI first and runs the preview while the rest compiles.
fn build_programs(options: &Options<'_>) -> Result<PathBuf> {
    let Some(preview) = options.preview else { return build(options.profile, options.progress) };
    let command_line = build_command_line(options.progress)?;
    thread::scope(|scope| {
        let shown = scope.spawn(|| preview(&command_line));
        let programs = build(options.profile, options.progress);
        shown.join().map_err(|_| anyhow!("the thread of the preview panicked")).flatten()?;
        programs
    })
}

/// Installs the models of an archive with the command line of the workers.
pub fn import(subtitles: &Path, archive: &Path, models: &Path) -> Result<()> {
    output(Command::new(subtitles).args(["models", "--models"]).arg(models).arg("import").arg(archive)).map(drop)
}

impl Stack {
    /// Starts everything in `folder` with the options of most tests; the store is a directory unless one is given.
    pub fn start(folder: &Path, store: Option<StoreOptions>) -> Result<Self> {
        let library = folder.join("library");
        let options = Options { store, ..Options::new(library, &print) };
        Self::start_with(folder, &options)
    }

    /// Starts everything in `folder`, in parallel where possible, and applies the CRD.
    pub fn start_with(folder: &Path, options: &Options<'_>) -> Result<Self> {
        let (library, store) = (options.library.clone(), folder.join("store"));
        fs::create_dir_all(&store)?;
        let directory = || StoreOptions { url: format!("file://{}", store.display()), environment: Vec::new() };
        let StoreOptions { url, environment: mut store_environment } = options.store.clone().unwrap_or_else(directory);
        store_environment.push(("SUBTITLES_STORE_URL".to_owned(), url));
        let models = folder.join("models");
        let find_models = || options.models.and_then(|find| find());
        let programs = || {
            let programs = build_programs(options)?;
            (options.progress)("operator and workers are compiled");
            if let Some(archive) = find_models() {
                import(&programs.join("subtitles"), &archive, &models)?;
                (options.progress)("Firefox's models for English and Portuguese are imported");
            }
            pinned(&programs, folder)
        };
        let servers = || {
            let videos = || {
                videos::make(&library)?;
                (options.progress)("two sample videos are ready");
                Ok(())
            };
            let redis = || Redis::start(&folder.join("redis"), free_port()?);
            let broker = || Broker::start(&folder.join("rabbitmq"), free_port()?);
            let ((), redis, broker) = parallel(options.progress, videos, redis, broker)?;
            (options.progress)("RabbitMQ and Redis are running");
            // Downloaded here, while the programs compile.
            find_models();
            Ok((broker, redis))
        };
        let cluster = || start_cluster(&folder.join("kubernetes"), options);
        let (cluster, programs, (broker, redis)) = parallel(options.progress, cluster, programs, servers)?;
        let mut operator_environment = store_environment.clone();
        operator_environment.extend(options.environment.iter().cloned());
        let (routes, proxies) = if options.faulty {
            let (routes, proxies) = Routes::proxied(&cluster, &broker, &redis, folder, options)?;
            (routes, Some(proxies))
        } else {
            (Routes::direct(&cluster, &broker, &redis), None)
        };
        let config = OperatorProcessConfig { folder, programs: &programs, environment: &operator_environment };
        let (operator, api_url) = start_operator_process("operator", &config, &routes)?;
        let worker = |name: &str, metrics: &str| {
            Server::start(name, &programs.join(name), folder, |command| {
                command.env("SUBTITLES_BROKER_URL", &routes.broker_url).env("SUBTITLES_PUBLIC_URL", &api_url);
                command.envs(store_environment.iter().cloned());
                command.env("SUBTITLES_LIBRARIES", format!("default={}", library.display()));
                command.env("SUBTITLES_METRICS_LISTEN", metrics).env("SUBTITLES_MODELS", &models);
                let delay = options.simulated_delay.as_millis().to_string();
                command.env("SUBTITLES_SIMULATED_DELAY_MILLISECONDS", delay);
                command.envs(options.environment.iter().cloned());
            })
        };
        let metrics = format!("127.0.0.1:{}", free_port()?);
        let (downloader, translator) =
            (worker("subtitle-downloader", &metrics)?, worker("subtitle-translator", "none")?);
        (options.progress)("operator, downloader and translator are running");
        Ok(Self {
            operator,
            downloader,
            translator,
            cluster,
            broker,
            redis,
            proxies,
            api_url,
            downloader_metrics_url: format!("http://{metrics}"),
            library,
            store,
            programs,
            operator_environment,
            folder: folder.to_path_buf(),
        })
    }

    /// Starts an additional operator with identity `name` and extra environment variables; returns it with the base URL of its
    /// API.
    pub fn start_operator(&self, name: &str, variables: &[(&str, &str)]) -> Result<(Server, String)> {
        let mut environment = self.operator_environment.clone();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config =
            OperatorProcessConfig { folder: &self.folder, programs: &self.programs, environment: &environment };
        start_operator_process(name, &config, &Routes::direct(&self.cluster, &self.broker, &self.redis))
    }

    /// Starts the HTTP API as a separate process; returns its base URL too. It may not be ready yet.
    pub fn start_standalone_api(&self, name: &str) -> Result<(Server, String)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut api = Server::start(name, &self.programs.join("subtitle-operator"), &self.folder, |command| {
            command.arg("api").env("KUBECONFIG", &self.cluster.kubeconfig).env("SUBTITLES_LISTEN", &address);
            command.env("SUBTITLES_REDIS_URL", &self.redis.url).envs(self.operator_environment.iter().cloned());
        })?;
        let api_url = format!("http://{address}");
        wait_until(&mut api, &self.folder, Duration::from_secs(60), || reachable(&format!("{api_url}/healthz")))?;
        Ok((api, api_url))
    }

    /// Every process, in an order in which they can be restarted.
    pub fn servers(&mut self) -> impl Iterator<Item = &mut Server> {
        let broker = &mut self.broker;
        let others = [&mut broker.port_mapper, &mut broker.server, &mut self.redis.server];
        let ours = [&mut self.operator, &mut self.downloader, &mut self.translator];
        self.cluster.servers.iter_mut().rev().chain(others).chain(ours)
    }
}

impl Recover for Stack {
    fn recover(&mut self) {
        for server in self.servers() {
            let _ = server.resume();
            if server.ended().is_some()
                && let Err(error) = server.restart()
            {
                print(&failure(&error.context(format!("failed to restart {}", server.name))));
            }
        }
    }
}

/// What an operator process is started with.
struct OperatorProcessConfig<'a> {
    folder: &'a Path,
    programs: &'a Path,
    environment: &'a [(String, String)],
}

/// Starts an operator on a free port and waits until it is ready.
fn start_operator_process(name: &str, config: &OperatorProcessConfig<'_>, routes: &Routes) -> Result<(Server, String)> {
    let port = free_port()?;
    let mut operator = Server::start(name, &config.programs.join("subtitle-operator"), config.folder, |command| {
        command.arg("run").env("KUBECONFIG", &routes.kubeconfig);
        command.env("SUBTITLES_BROKER_URL", &routes.broker_url).env("SUBTITLES_REDIS_URL", &routes.redis_url);
        // After a restart it takes over its own lease at once.
        command.env("SUBTITLES_LISTEN", format!("127.0.0.1:{port}")).env("SUBTITLES_IDENTITY", name);
        // Only this machine can reach it.
        command.env("SUBTITLES_API_AUTH", "none").env("SUBTITLES_ALLOW_SIMULATED", "true");
        command.envs(config.environment.iter().cloned());
    })?;
    let api_url = format!("http://127.0.0.1:{port}");
    wait_until(&mut operator, config.folder, Duration::from_secs(60), || reachable(&format!("{api_url}/readyz")))?;
    Ok((operator, api_url))
}

fn reachable(url: &str) -> bool {
    Command::new("curl").args(["-sf", "-o", "/dev/null", url]).status().is_ok_and(|status| status.success())
}
