//! Wires everything: the watch and the HTTP API always; the controller and the sessions with the broker while this
//! process leads.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use kube::Client;
use subtitle_core::keys::KeyStyle;
use subtitle_store::Store;
use subtitle_telemetry::stop;
use tokio::sync::{Notify, mpsc, watch};

use crate::{
    act::{Hands, cluster::KubeCluster, ledger::RedisLedger},
    api, controller,
    leader::Candidate,
    metrics::{CONTROLLER, Metrics},
    reconciler::Reconciler,
    sessions,
};

/// Where everything is.
#[derive(Args, Clone)]
pub struct Settings {
    /// RabbitMQ, such as amqp://user:password@rabbitmq:5672/%2f
    #[arg(long, env = "SUBTITLES_BROKER_URL", hide_env_values = true)]
    pub broker_url: Option<String>,
    /// none: jobs wait, and what would be published is only logged
    #[arg(long, env = "SUBTITLES_BROKER", default_value = "rabbitmq")]
    pub broker: BrokerKind,
    /// Redis, such as redis://redis:6379/
    #[arg(long, env = "SUBTITLES_REDIS_URL", hide_env_values = true)]
    pub redis_url: String,
    /// Where the API listens
    #[arg(long, env = "SUBTITLES_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// Where workers keep files: file:///folder or s3://bucket/prefix (with the usual AWS_* variables)
    #[arg(long, env = "SUBTITLES_STORE_URL")]
    pub store_url: url::Url,
    /// The namespace of jobs created over HTTP, and of the leader's lease
    #[arg(long, env = "SUBTITLES_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// At most this many tasks on the broker at once
    #[arg(long, env = "SUBTITLES_MAX_IN_FLIGHT", default_value_t = 200)]
    pub max_in_flight: usize,
    /// The name of this process in the leader's lease, such as its pod's; left out, a new one at every start
    #[arg(long, env = "SUBTITLES_IDENTITY")]
    pub identity: Option<String>,
}

/// Where tasks and events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BrokerKind {
    /// RabbitMQ.
    Rabbitmq,
    /// Nowhere.
    None,
}

/// Runs until SIGTERM or SIGINT, or until leadership is lost.
pub async fn run(settings: Settings) -> Result<()> {
    if settings.broker == BrokerKind::Rabbitmq && settings.broker_url.is_none() {
        bail!("--broker-url (SUBTITLES_BROKER_URL) is missing; --broker none runs without one and publishes nothing");
    }
    let client = Client::try_default().await.context("failed to find a cluster: set KUBECONFIG or run in one")?;
    let (deleted, deletions) = mpsc::unbounded_channel();
    let (leads, is_leader) = watch::channel(false);
    let announces = is_leader.clone();
    let (store, stream) = controller::watch_jobs(client.clone(), move |job| {
        // Who does not lead leaves it to the repair of who will: kept, they would add up for as long as this one waits.
        if *announces.borrow() {
            drop(deleted.send(job));
        }
    });
    let ledger = Arc::new(RedisLedger::open(&settings.redis_url, KeyStyle::Plain)?);
    let cluster = Arc::new(KubeCluster::new(client.clone(), store.clone()));
    let (session, broker) = watch::channel(None);
    let (registry, metrics) = Metrics::of("subtitle-operator");
    let hands = Arc::new(Hands::new(cluster.clone(), ledger.clone(), metrics.clone()));
    let files = Store::open(&settings.store_url)?;
    let reconciler = Arc::new(Reconciler::new(hands, broker.clone(), files.clone(), settings.max_in_flight));

    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("failed to listen on {}", settings.listen))?;
    tracing::info!(address = %settings.listen, "the API listens");
    let routes = api::router(api::Shared {
        jobs: cluster,
        ledger,
        broker,
        is_leader,
        client: client.clone(),
        namespace: settings.namespace.clone(),
        files,
        registry: Arc::new(registry),
        store: store.clone(),
    });
    let url = settings.broker_url.as_deref().filter(|_| settings.broker == BrokerKind::Rabbitmq);
    let identity = settings.identity.clone().unwrap_or_else(|| format!("operator-{}", uuid::Uuid::now_v7().simple()));
    let candidate = Candidate::new(client, &settings.namespace, identity);
    let lead = async {
        let mut stream = Box::pin(stream);
        tokio::select! {
            () = candidate.acquire() => {}
            () = async { while futures::StreamExt::next(&mut stream).await.is_some() {} } => bail!("the watch ended"),
        }
        tracing::info!("this process leads");
        leads.send_replace(true);
        metrics.leads.set([CONTROLLER], 1);
        let doubts = Arc::new(Notify::new());
        tokio::select! {
            () = candidate.keep() => bail!("leadership was lost: another process goes on"),
            () = controller::run(reconciler.clone(), store.clone(), stream, doubts.clone()) => bail!("the controller ended"),
            never = sessions::run(url, session, &reconciler, deletions, doubts) => match never {},
        }
    };
    let asked_to_stop = stop::asked()?;
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served.context("the API ended")?,
        ended = lead => return ended,
        () = asked_to_stop => {}
    }
    candidate.release().await;
    Ok(())
}
