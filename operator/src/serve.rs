//! `subtitle-operator run`: the watch and health always, the HTTP API unless it is served elsewhere; the controller and
//! the sessions with the broker while this process leads. Wires the generic loops to the real servers.
//!
//! ```text
//!   SIGTERM ──▶ stop: nothing new is begun ──▶ running reconciles and batches end ──▶ quiet: the session closes
//!           ──▶ the lease is released
//! ```
//!
//! Does I/O.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail};
use clap::{ArgAction, Args};
use futures::StreamExt as _;
use kube::runtime::{reflector::Store, watcher};
use subtitle_broker::{AmqpConnector, AmqpSession, BrokerArguments, BrokerKind};
use subtitle_clock::SystemRuntime;
use subtitle_contract::{job::SubtitleJob, library::LibraryRules};
use subtitle_telemetry::stop;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
    act::{
        PolicyServers, Production, Servers,
        kube::{EventRecorder, KubeCluster, KubePolicies, LEASE},
    },
    decide::{admit::AdmissionLimits, rules::JobRules},
    http::{
        arguments::ServingArguments,
        health::{self, Health, Leader},
        serve,
    },
    leader::LeaderCandidate,
    loops::{
        controller::{self, MAX_CONCURRENT_RECONCILES},
        operator::{Operator, OperatorSettings},
        session::{Shutdown, log_only, supervise},
    },
    metrics::{CONTROLLER, Metrics},
    observe::watch::{Undecodable, WatchCallbacks, watch_jobs, watch_policies},
};

/// How long running work may take to end after SIGTERM; with the release of the lease it is below 20 s.
pub(crate) const GRACE: Duration = Duration::from_secs(14);

/// Where everything is.
#[derive(Args, Clone)]
pub struct Settings {
    #[command(flatten)]
    broker_address: BrokerArguments,
    /// none: jobs wait, and what would be published is only logged
    #[arg(long, env = "SUBTITLES_BROKER", default_value = "rabbitmq")]
    broker: BrokerKind,
    #[command(flatten)]
    serving: ServingArguments,
    /// Whether the HTTP API is served here; without it only /healthz, /readyz and /metrics are (`subtitle-operator api`
    /// serves the API alone)
    #[arg(long, env = "SUBTITLES_API", default_value_t = true, action = ArgAction::Set, value_name = "true|false")]
    api: bool,
    /// At most this many tasks on the broker at once
    #[arg(long, env = "SUBTITLES_MAX_IN_FLIGHT", default_value_t = 200)]
    max_in_flight: usize,
    /// At most this many of them for jobs of one namespace; left out, half of them
    #[arg(long, env = "SUBTITLES_MAX_IN_FLIGHT_PER_NAMESPACE")]
    max_in_flight_per_namespace: Option<usize>,
    /// At most this many jobs of one namespace are started on one day (UTC); left out, as many as are created
    #[arg(long, env = "SUBTITLES_MAX_JOBS_PER_DAY_PER_NAMESPACE")]
    max_jobs_per_day_per_namespace: Option<usize>,
    /// Which namespaces may use which library, as a JSON list of {name, read, write, subPaths}; left out, all may use all
    #[arg(long, env = "SUBTITLES_LIBRARY_RULES", value_parser = LibraryRules::parse)]
    library_rules: Option<LibraryRules>,
    /// Whether jobs may name the simulated source and engine, which make up their files
    #[arg(long, env = "SUBTITLES_ALLOW_SIMULATED", default_value_t = false, action = ArgAction::Set, value_name = "true|false")]
    allow_simulated: bool,
    /// The name of this process in the leader's lease, such as its pod's; left out, a new one at every start
    #[arg(long, env = "SUBTITLES_IDENTITY")]
    identity: Option<String>,
}

impl Settings {
    fn allows(&self) -> OperatorSettings {
        let limits = AdmissionLimits::new(
            self.max_in_flight,
            self.max_in_flight_per_namespace,
            self.max_jobs_per_day_per_namespace,
        );
        let libraries = self.library_rules.clone().unwrap_or_default();
        let rules = JobRules { libraries, allows_simulated: self.allow_simulated };
        let installation = format!("{}/{LEASE}", self.serving.namespace);
        OperatorSettings { limits, rules, installation }
    }
}

/// Runs until SIGTERM or SIGINT, or until leadership is lost.
pub async fn run(settings: Settings) -> Result<()> {
    let allows = settings.allows();
    let Settings { broker_address, broker, serving, api, identity, .. } = settings;
    let (registry, metrics) = Metrics::new("subtitle-operator", MAX_CONCURRENT_RECONCILES);
    let connector = match broker {
        BrokerKind::Rabbitmq => Some(AmqpConnector {
            address: broker_address.address()?,
            name: "subtitle-operator".to_owned(),
            metrics: metrics.publishing.clone(),
        }),
        BrokerKind::None => None,
    };
    let client = serve::cluster_client().await?;
    let (deleted, deletions) = mpsc::unbounded_channel();
    let (leads, is_leader) = watch::channel(false);
    let announces = is_leader.clone();
    let events = EventRecorder::new(client.clone());
    let reports = WatchCallbacks {
        deleted: move |job| {
            // Without leadership, deletions are left to the leader's repair loop: queued here, they would pile up.
            if *announces.borrow() {
                drop(deleted.send(job));
            }
        },
        undecodable: move |object: &Undecodable| {
            events.warn(object.object_ref(), "Undecodable", &object.to_string());
        },
        metrics: metrics.watch.clone(),
    };
    let (store, stream) = watch_jobs(&client, &serving.namespaces(), reports);
    let (sessions, session) = watch::channel(None);
    let (records, files) = (serving.records()?, serving.files()?);
    let cluster = Arc::new(KubeCluster::new(client.clone(), store.clone()));
    let (policies, policy_changes) = watch_policies(&client, &serving.namespaces());
    let policies = Arc::new(PolicyServers::new(KubePolicies::new(client.clone(), policies), records.clone()));
    let servers = Servers { cluster, records: records.clone(), policies, files: files.clone() };
    let runtime = SystemRuntime::default();
    let operator = Arc::new(Operator::new(servers, runtime, session.clone(), allows, metrics));
    let health = health::router(Health {
        store: store.clone(),
        records: records.clone(),
        registry: Arc::new(registry),
        leader: Some(Leader { is_leading: is_leader, session }),
    });
    let routes = || serving.routes(operator.executor().clone(), client.clone(), files);
    let listeners = serving.listeners(health, api.then(routes).transpose()?).await?;

    let identity = identity.unwrap_or_else(|| format!("operator-{}", uuid::Uuid::now_v7().simple()));
    let candidate = LeaderCandidate::new(client, &serving.namespace, identity);
    let asked_to_stop = stop::asked()?;
    let shutdown = Shutdown::default();
    let term = Term { candidate: &candidate, leads, operator, connector, sessions, deletions };
    let stop = shutdown.stop.clone();
    let watching_policies = shutdown.stop.clone().run_until_cancelled_owned(policy_changes.for_each(|()| async {}));
    let mut work = Box::pin(async {
        let serving = async { Ok(serve::serve(listeners, stop).await?) };
        let watching = async {
            watching_policies.await;
            Ok(())
        };
        tokio::try_join!(term.serve(store, stream, &shutdown), serving, watching).map(drop)
    });
    tokio::select! {
        ended = &mut work => return ended,
        () = asked_to_stop => {}
    }
    tracing::info!("stopping: running work is finished, nothing new is begun");
    shutdown.stop.cancel();
    let ended = timeout(GRACE, work).await;
    candidate.release().await;
    ended.unwrap_or_else(|_| {
        tracing::warn!(seconds = GRACE.as_secs(), "not everything was finished in time; the next leader goes on");
        Ok(())
    })
}

/// A candidate's wait for the lease, and its term as the leader.
struct Term<'a> {
    candidate: &'a LeaderCandidate,
    leads: watch::Sender<bool>,
    operator: Arc<Operator<Production>>,
    connector: Option<AmqpConnector>,
    sessions: watch::Sender<Option<Arc<AmqpSession>>>,
    deletions: mpsc::UnboundedReceiver<SubtitleJob>,
}

impl Term<'_> {
    /// Waits, then leads; returns `Ok` only when it is told to stop.
    async fn serve(
        self,
        store: Store<SubtitleJob>,
        stream: impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + 'static,
        shutdown: &Shutdown,
    ) -> Result<()> {
        let mut stream = Box::pin(stream);
        tokio::select! {
            () = self.candidate.acquire() => {}
            () = async { while stream.next().await.is_some() {} } => bail!("the watch ended"),
            () = shutdown.stop.cancelled() => return Ok(()),
        }
        tracing::info!("this process leads");
        self.leads.send_replace(true);
        self.operator.metrics().leads.set([CONTROLLER], 1);
        let listed = store.clone();
        let reconciling = async {
            controller::run(self.operator.clone(), store, stream, shutdown.stop.clone()).await;
            shutdown.quiet.cancel();
            if shutdown.stop.is_cancelled() { Ok(()) } else { bail!("the controller ended") }
        };
        let publishing = async {
            // The first repairs compare every object: with a cache that is not filled yet they would find none.
            if shutdown.stop.run_until_cancelled(listed.wait_until_ready()).await.is_none() {
                return Ok(());
            }
            if let Some(connector) = &self.connector {
                Box::pin(supervise(&*self.operator, connector, self.sessions, self.deletions, shutdown)).await;
            } else {
                drop(self.deletions); // nothing reads them: queued, they would pile up
                shutdown.stop.run_until_cancelled(log_only(&*self.operator)).await;
            }
            Ok(())
        };
        tokio::select! {
            () = self.candidate.keep() => bail!("leadership was lost: another process goes on"),
            ended = async { tokio::try_join!(reconciling, publishing) } => ended.map(drop),
        }
    }
}
