//! Wires the loops: the watch and the controller, and, on one session with the broker at a time, the consumer and
//! the history.

use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use kube::Client;
use subtitle_broker::Session;
use subtitle_core::keys::KeyStyle;
use subtitle_store::Store;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, watch},
};

use crate::{
    act::{redis::Ledger, status::Jobs},
    api, consumer,
    controller::{self, Context},
    dead, history,
};

/// Where everything is.
#[derive(Args, Clone)]
pub struct Settings {
    /// RabbitMQ, such as amqp://user:password@rabbitmq:5672/%2f
    #[arg(long, env = "SUBTITLES_BROKER_URL", hide_env_values = true)]
    pub broker_url: String,
    /// Redis, such as redis://redis:6379/
    #[arg(long, env = "SUBTITLES_REDIS_URL", hide_env_values = true)]
    pub redis_url: String,
    /// Where the API listens
    #[arg(long, env = "SUBTITLES_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// Where workers keep files: file:///folder or s3://bucket/prefix (with the usual AWS_* variables)
    #[arg(long, env = "SUBTITLES_STORE_URL")]
    pub store_url: url::Url,
    /// The namespace of jobs created over HTTP
    #[arg(long, env = "SUBTITLES_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// At most this many tasks on the broker at once
    #[arg(long, env = "SUBTITLES_MAX_IN_FLIGHT", default_value_t = 200)]
    pub max_in_flight: usize,
}

/// Runs until SIGTERM or SIGINT.
pub async fn run(settings: Settings) -> Result<()> {
    let client = Client::try_default().await.context("failed to find a cluster: set KUBECONFIG or run in one")?;
    let (store, stream) = controller::watch_jobs(client.clone());
    let ledger = Ledger::open(&settings.redis_url, KeyStyle::Plain)?;
    let jobs = Arc::new(Jobs::new(client.clone(), store.clone()));
    let (sessions, broker) = watch::channel(None);
    let context = Arc::new(Context {
        jobs: jobs.clone(),
        ledger: ledger.clone(),
        broker: broker.clone(),
        max_in_flight: settings.max_in_flight,
        admitted: std::sync::Mutex::new(HashSet::new()),
        changed: Notify::new(),
    });
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("failed to listen on {}", settings.listen))?;
    tracing::info!(address = %settings.listen, "the API listens");
    let files = Store::open(&settings.store_url)?;
    let routes = api::router(api::Shared {
        jobs: jobs.clone(),
        ledger: ledger.clone(),
        broker,
        client,
        namespace: settings.namespace,
        files,
        store: store.clone(),
    });
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served.context("the API ended")?,
        () = controller::run(context, store.clone(), stream) => anyhow::bail!("the controller ended"),
        () = sessions_forever(&settings.broker_url, sessions, store, jobs, ledger) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn sessions_forever(
    url: &str,
    sessions: watch::Sender<Option<Arc<Session>>>,
    store: kube::runtime::reflector::Store<subtitle_core::job::SubtitleJob>,
    jobs: Arc<Jobs>,
    ledger: Ledger,
) {
    let _ = store.wait_until_ready().await;
    loop {
        match Session::open_and_declare(url, "subtitle-operator").await {
            Ok((session, _created)) => {
                let session = Arc::new(session);
                tracing::info!("a session with the broker began");
                sessions.send_replace(Some(session.clone()));
                tokio::select! {
                    error = consumer::run(session.clone(), jobs.clone(), ledger.clone()) => tracing::warn!(%error, "the consumer loop ended"),
                    error = dead::run(session.clone()) => tracing::warn!(%error, "the dead-letter loop ended"),
                    error = history::run(session.clone(), ledger.clone()) => tracing::warn!(%error, "the history loop ended"),
                }
                sessions.send_replace(None);
                session.close().await;
            }
            Err(error) => tracing::warn!(%error, "no session with the broker"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
