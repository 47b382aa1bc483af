//! `subtitle-operator run`: the watch and health always, the HTTP API unless it runs elsewhere; the controller and the
//! sessions with the broker while this process leads.
//!
//! ```text
//!   SIGTERM ──▶ stop: nothing new is begun ──▶ running reconciles and batches end ──▶ quiet: the session closes
//!           ──▶ the lease is released
//! ```

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail};
use clap::{ArgAction, Args};
use futures::StreamExt as _;
use kube::runtime::watcher;
use subtitle_broker::{Address, BrokerArguments};
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::stop;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};

use crate::{
    act::{Hands, cluster::KubeCluster, queues::Publisher},
    api::{
        health::{self, Health},
        serve::{self, ServingArguments},
    },
    controller::{self, Production},
    leader::Candidate,
    metrics::{CONTROLLER, Metrics},
    reconciler::Reconciler,
    sessions::{self, Ending},
    watch::watch_jobs,
};

/// How long what runs may take to end after SIGTERM; with the release of the lease it is below 20 s.
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
    /// The name of this process in the leader's lease, such as its pod's; left out, a new one at every start
    #[arg(long, env = "SUBTITLES_IDENTITY")]
    identity: Option<String>,
}

/// Where tasks and events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum BrokerKind {
    /// RabbitMQ.
    Rabbitmq,
    /// Nowhere.
    None,
}

/// Runs until SIGTERM or SIGINT, or until leadership is lost.
pub async fn run(settings: Settings) -> Result<()> {
    let Settings { broker_address, broker, serving, api, max_in_flight, identity } = settings;
    let address = match broker {
        BrokerKind::Rabbitmq => Some(broker_address.address()?),
        BrokerKind::None => None,
    };
    let client = serve::cluster_client().await?;
    let (deleted, deletions) = mpsc::unbounded_channel();
    let (leads, is_leader) = watch::channel(false);
    let announces = is_leader.clone();
    let namespaces = serving.namespaces();
    let (store, stream) = watch_jobs(client.clone(), &namespaces, move |job| {
        // Who does not lead leaves it to the repair of who will: kept, they would add up for as long as this one waits.
        if *announces.borrow() {
            drop(deleted.send(job));
        }
    });
    let (session, broker) = watch::channel(None);
    let (registry, metrics) = Metrics::of("subtitle-operator");
    let ledger = serving.ledger()?;
    let cluster = Arc::new(KubeCluster::new(client.clone(), store.clone()));
    let hands = Arc::new(Hands::new(cluster.clone(), ledger.clone(), metrics.clone()));
    let files = serving.files()?;
    let reconciler = Arc::new(Reconciler::new(hands, broker.clone(), files.clone(), max_in_flight));
    let leads_and_broker = Some((is_leader, broker));
    let (of_redis, registry) = (ledger.clone(), Arc::new(registry));
    let mut routes =
        health::router(Health { store: store.clone(), ledger: of_redis, registry, leads: leads_and_broker });
    if api {
        routes = routes.merge(serving.api(client.clone(), cluster, ledger, files)?);
    }
    let listener = serving.listener().await?;

    let identity = identity.unwrap_or_else(|| format!("operator-{}", uuid::Uuid::now_v7().simple()));
    let candidate = Candidate::new(client, &serving.namespace, identity);
    let asked_to_stop = stop::asked()?;
    let ending = Ending::default();
    let term = Term { candidate: &candidate, leads, metrics, reconciler, address, session, deletions };
    let stop = ending.stop.clone();
    let mut work = Box::pin(async {
        tokio::try_join!(term.serve(store, stream, &ending), serve::serve(listener, routes, stop)).map(drop)
    });
    tokio::select! {
        ended = &mut work => return ended,
        () = asked_to_stop => {}
    }
    tracing::info!("stopping: what is in hand is finished, nothing new is begun");
    ending.stop.cancel();
    let ended = timeout(GRACE, work).await;
    candidate.release().await;
    ended.unwrap_or_else(|_| {
        tracing::warn!(seconds = GRACE.as_secs(), "not everything was finished in time; whoever leads next goes on");
        Ok(())
    })
}

/// A candidate's wait for the lease, and its term as the leader.
struct Term<'a> {
    candidate: &'a Candidate,
    leads: watch::Sender<bool>,
    metrics: Metrics,
    reconciler: Arc<Production>,
    address: Option<Address>,
    session: watch::Sender<Option<Arc<Publisher>>>,
    deletions: mpsc::UnboundedReceiver<SubtitleJob>,
}

impl Term<'_> {
    /// Waits, then leads; ends well only when it is asked to stop.
    async fn serve(
        self,
        store: kube::runtime::reflector::Store<SubtitleJob>,
        stream: impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + 'static,
        ending: &Ending,
    ) -> Result<()> {
        let mut stream = Box::pin(stream);
        tokio::select! {
            () = self.candidate.acquire() => {}
            () = async { while stream.next().await.is_some() {} } => bail!("the watch ended"),
            () = ending.stop.cancelled() => return Ok(()),
        }
        tracing::info!("this process leads");
        self.leads.send_replace(true);
        self.metrics.leads.set([CONTROLLER], 1);
        let doubts = Arc::new(Notify::new());
        let reconciling = async {
            controller::run(self.reconciler.clone(), store, stream, doubts.clone(), ending.stop.clone()).await;
            ending.quiet.cancel();
            if ending.stop.is_cancelled() { Ok(()) } else { bail!("the controller ended") }
        };
        let sessions = async {
            sessions::run(self.address.as_ref(), self.session, &self.reconciler, self.deletions, &doubts, ending).await;
            Ok(())
        };
        tokio::select! {
            () = self.candidate.keep() => bail!("leadership was lost: another process goes on"),
            ended = async { tokio::try_join!(reconciling, sessions) } => ended.map(drop),
        }
    }
}
