//! `subtitle-operator api`: the HTTP API alone, which watches, creates and answers, and neither leads nor connects to the
//! broker; and how every role serves HTTP. Does I/O.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use futures::{StreamExt as _, future::join_all};
use kube::Client;
use subtitle_telemetry::stop;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    arguments::{ArgumentsError, ServingArguments},
    health::{self, Health},
    listener,
};
use crate::{
    act::{
        Executor, PolicyServers, Servers,
        kube::{KubeCluster, KubePolicies},
    },
    loops::controller::MAX_CONCURRENT_RECONCILES,
    metrics::Metrics,
    observe::watch::{Undecodable, WatchCallbacks, watch_jobs},
};

/// How long requests in progress may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(14);

/// Why HTTP is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No kubeconfig and no service account.
    #[error("failed to find a cluster: set KUBECONFIG or run in one")]
    Cluster(#[source] kube::Error),
    /// Something that the arguments name.
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    /// The signals of the system.
    #[error("failed to listen for SIGTERM")]
    Signals(#[source] io::Error),
    /// The listener.
    #[error("failed to serve HTTP")]
    Listener(#[source] io::Error),
    /// A bug: the watch resumes by itself.
    #[error("failed to go on: the watch ended")]
    WatchEnded,
}

/// A client of the cluster that this process runs in, or that KUBECONFIG names.
pub async fn cluster_client() -> Result<Client, ServeError> {
    Client::try_default().await.map_err(ServeError::Cluster)
}

/// Serves until `stop`, and then until requests in progress are answered.
pub async fn serve(listeners: Vec<(TcpListener, Router)>, stop: CancellationToken) -> Result<(), ServeError> {
    for (listener, _) in &listeners {
        let address = listener.local_addr().map_err(ServeError::Listener)?;
        tracing::info!(%address, "serving HTTP");
    }
    join_all(listeners.into_iter().map(|(listener, routes)| listener::serve(listener, routes, stop.clone()))).await;
    Ok(())
}

/// Runs the API until SIGTERM or SIGINT.
pub async fn run(arguments: ServingArguments) -> Result<(), ServeError> {
    let client = cluster_client().await?;
    let (registry, metrics) = Metrics::new("subtitle-operator", MAX_CONCURRENT_RECONCILES);
    // The operator beside this process records the Kubernetes Event of an undecodable object.
    let reports = WatchCallbacks { deleted: drop, undecodable: |_: &Undecodable| {}, metrics: metrics.watch.clone() };
    let (store, changes) = watch_jobs(&client, &arguments.namespaces(), reports);
    let (records, files) = (arguments.records()?, arguments.files()?);
    let cluster = Arc::new(KubeCluster::new(client.clone(), store.clone()));
    // No route reads policies: they are not watched here.
    let policies = Arc::new(PolicyServers::new(KubePolicies::new(client.clone(), Vec::new()), records.clone()));
    let servers = Servers { cluster, records: records.clone(), policies, files: files.clone() };
    let executor = Arc::new(Executor::new(servers, metrics));
    let health = Health { store, records, registry: Arc::new(registry), leader: None };
    let (health, api) = (health::router(health), arguments.routes(executor, client, files)?);
    let asked_to_stop = stop::asked().map_err(ServeError::Signals)?;
    let (listeners, stop) = (arguments.listeners(health, Some(api)).await?, CancellationToken::new());
    let mut served = Box::pin(serve(listeners, stop.clone()));
    tokio::select! {
        ended = &mut served => return ended,
        () = changes.for_each(|_| async {}) => return Err(ServeError::WatchEnded),
        () = asked_to_stop => {}
    }
    stop.cancel();
    timeout(GRACE, served).await.unwrap_or(Ok(()))
}
