//! `subtitle-operator api`: the HTTP API alone: it watches, creates and answers, and neither leads nor speaks with the
//! broker. And what both roles begin with.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};
use axum::Router;
use clap::Args;
use futures::StreamExt as _;
use kube::Client;
use subtitle_contract::keys::KeyStyle;
use subtitle_store::Store;
use subtitle_telemetry::stop;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    Guard, Shared,
    health::{self, Health},
};
use crate::{
    act::{
        cluster::KubeCluster,
        ledger::{RedisArguments, RedisLedger},
        reviews::Reviews,
    },
    metrics::Metrics,
    watch::watch_jobs,
};

/// What both roles are told.
#[derive(Args, Clone)]
pub struct ServingArguments {
    #[command(flatten)]
    redis: RedisArguments,
    /// Where HTTP listens
    #[arg(long, env = "SUBTITLES_LISTEN", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Where workers keep files: file:///folder or s3://bucket/prefix (with the usual AWS_* variables)
    #[arg(long, env = "SUBTITLES_STORE_URL")]
    store_url: url::Url,
    /// The folder where a Secret is mounted with the S3 store's access-key-id and secret-access-key; read for each request
    #[arg(long, env = "SUBTITLES_STORE_SECRET", value_name = "FOLDER")]
    store_secret: Option<PathBuf>,
    /// The namespace of jobs created over HTTP that name none, and of the leader's lease
    #[arg(long, env = "SUBTITLES_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// The namespaces to watch, separated by commas; all where none is named
    #[arg(long, env = "SUBTITLES_WATCH_NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// Who may use the API. kubernetes: whose bearer token the Kubernetes API knows and allows; none: everybody who
    /// reaches it
    #[arg(long, env = "SUBTITLES_API_AUTH", default_value = "kubernetes")]
    api_auth: Auth,
    /// The audiences tokens must be made for, separated by commas: one of them is enough
    #[arg(long, env = "SUBTITLES_API_AUDIENCE", value_delimiter = ',', default_value = "subtitle-operator")]
    api_audience: Vec<String>,
}

/// Who may use the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Auth {
    /// Whom the Kubernetes API knows and allows.
    Kubernetes,
    /// Everybody.
    None,
}

impl ServingArguments {
    /// The namespaces to watch, each once; none for all.
    pub fn namespaces(&self) -> Vec<String> {
        let mut names: Vec<String> = self.watch_namespaces.iter().map(|name| name.trim().to_owned()).collect();
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        names
    }

    /// Redis.
    pub fn ledger(&self) -> Result<Arc<RedisLedger>> {
        Ok(Arc::new(RedisLedger::open(self.redis.address()?, KeyStyle::Plain)?))
    }

    /// Takes the port.
    pub async fn listener(&self) -> Result<TcpListener> {
        let bound = TcpListener::bind(self.listen).await;
        bound.with_context(|| {
            format!("failed to listen on {}: is another process there? --listen changes it", self.listen)
        })
    }

    /// The store.
    pub fn files(&self) -> Result<Store> {
        Ok(Store::open_with(&self.store_url, self.store_secret.as_deref())?)
    }

    /// The API.
    pub fn api(
        &self,
        client: Client,
        jobs: Arc<KubeCluster>,
        ledger: Arc<RedisLedger>,
        files: Store,
    ) -> Result<Router> {
        let guard = match self.api_auth {
            Auth::Kubernetes => {
                let given = self.api_audience.iter().map(|audience| audience.trim().to_owned());
                let audiences: Vec<String> = given.filter(|audience| !audience.is_empty()).collect();
                let audience =
                    audiences.first().cloned().context("--api-audience (SUBTITLES_API_AUDIENCE) is empty")?;
                Guard::Kubernetes { reviews: Box::new(Reviews::new(client.clone(), audiences)), audience }
            }
            Auth::None => {
                if !self.listen.ip().is_loopback() {
                    tracing::warn!(address = %self.listen, "--api-auth=none: whoever reaches this address may read and create jobs");
                }
                Guard::Open
            }
        };
        Ok(super::router(Shared {
            jobs,
            ledger,
            client,
            namespace: self.namespace.clone(),
            watched: self.namespaces().into(),
            files,
            guard: Arc::new(guard),
        }))
    }
}

/// The cluster this process is in, or is pointed at.
pub async fn cluster_client() -> Result<Client> {
    Client::try_default().await.context("failed to find a cluster: set KUBECONFIG or run in one")
}

/// Answers until `stop`, and then until what is being answered is done.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> Result<()> {
    let address = listener.local_addr().context("failed to read where HTTP listens")?;
    tracing::info!(%address, "HTTP is served");
    let served = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await;
    served.context("HTTP is not served any more")
}

/// Runs the API until SIGTERM or SIGINT.
pub async fn run(serving: ServingArguments) -> Result<()> {
    let client = cluster_client().await?;
    let namespaces = serving.namespaces();
    let (store, changes) = watch_jobs(client.clone(), &namespaces, drop);
    let (registry, _) = Metrics::of("subtitle-operator");
    let ledger = serving.ledger()?;
    let jobs = Arc::new(KubeCluster::new(client.clone(), store.clone()));
    let health = Health { store, ledger: ledger.clone(), registry: Arc::new(registry), leads: None };
    let routes = health::router(health).merge(serving.api(client, jobs, ledger, serving.files()?)?);
    let (asked_to_stop, listener, stop) = (stop::asked()?, serving.listener().await?, CancellationToken::new());
    let mut served = Box::pin(serve(listener, routes, stop.clone()));
    tokio::select! {
        ended = &mut served => return ended,
        () = changes.for_each(|_| async {}) => anyhow::bail!("the watch ended"),
        () = asked_to_stop => {}
    }
    stop.cancel();
    tokio::time::timeout(crate::run::GRACE, served).await.unwrap_or(Ok(()))
}
