//! The command line of everything that serves HTTP, and what it opens: the listener, Redis, the object store and the API's
//! routes. Called by `run` and by the API alone. Does I/O.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Router, http::HeaderValue};
use clap::Args;
use futures::future::try_join_all;
use kube::Client;
use subtitle_contract::keys::KeyStyle;
use subtitle_store::{Store, StoreError};
use tokio::net::TcpListener;

use super::{auth::Auth, openapi, routes, state::HttpState};
use crate::act::{
    Executor, Files, Production, RecordError,
    redis::{RedisArguments, RedisRecords},
    reviews::Reviews,
};

/// Where HTTP listens, what it reads, and who may use it.
#[derive(Args, Clone)]
pub struct ServingArguments {
    #[command(flatten)]
    redis: RedisArguments,
    /// Where HTTP listens
    #[arg(long, env = "SUBTITLES_LISTEN", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Where /healthz, /readyz and /metrics are served; left out, where the API is
    #[arg(long, env = "SUBTITLES_HEALTH_LISTEN")]
    health_listen: Option<SocketAddr>,
    /// Where workers keep files: file:///folder or s3://bucket/prefix (with the usual AWS_* variables)
    #[arg(long, env = "SUBTITLES_STORE_URL")]
    store_url: url::Url,
    /// The folder where a Secret is mounted with the S3 store's access-key-id and secret-access-key; read for each request
    #[arg(long, env = "SUBTITLES_STORE_SECRET", value_name = "FOLDER")]
    store_secret: Option<PathBuf>,
    /// The namespace of jobs created over HTTP that name none, and of the leader's lease
    #[arg(long, env = "SUBTITLES_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// The namespaces to watch, separated by commas; all if none is named
    #[arg(long, env = "SUBTITLES_WATCH_NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// Who may use the API. kubernetes: users whose bearer token the Kubernetes API accepts and whom it allows; none:
    /// everybody who can reach it
    #[arg(long, env = "SUBTITLES_API_AUTH", default_value = "kubernetes")]
    api_auth: AuthKind,
    /// The audiences tokens must be made for, separated by commas: one of them is enough
    #[arg(long, env = "SUBTITLES_API_AUDIENCE", value_delimiter = ',', default_value = "subtitle-operator")]
    api_audience: Vec<String>,
    /// The web origins whose pages may call the API, separated by commas, such as https://films.example; without it, no page of
    /// another origin may
    #[arg(long, env = "SUBTITLES_API_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGIN", value_parser = origin)]
    api_cors_origins: Vec<HeaderValue>,
}

/// Parses a web origin: a scheme, a host and perhaps a port.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let is_origin = url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    let invalid = || format!("'{text}' is not an origin such as https://films.example; '*' is not possible");
    if is_origin { HeaderValue::from_str(text).map_err(|_| invalid()) } else { Err(invalid()) }
}

/// Who may use the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AuthKind {
    /// Users whom the Kubernetes API authenticates and authorizes.
    Kubernetes,
    /// Everybody.
    None,
}

/// What the arguments name cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentsError {
    /// The port is taken, or the address is not one of this machine.
    #[error("failed to listen on {address}: if another process listens there, --listen and --health-listen change it")]
    Listen {
        /// What `--listen` or `--health-listen` says.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No audience is given.
    #[error("failed to choose an audience of tokens: --api-audience (SUBTITLES_API_AUDIENCE) is empty")]
    NoAudience,
    /// Redis.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// The object store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServingArguments {
    /// The namespaces to watch, sorted and without duplicates; empty for all.
    pub fn namespaces(&self) -> Vec<String> {
        let mut names = trimmed(&self.watch_namespaces);
        names.sort();
        names.dedup();
        names
    }

    /// Redis, which may be away: it is connected to by the first call.
    pub fn records(&self) -> Result<Arc<RedisRecords>, ArgumentsError> {
        let records = RedisRecords::open(self.redis.address()?, KeyStyle::Plain)?;
        Ok(Arc::new(records.with_history_ttl(self.redis.history_ttl)))
    }

    /// Binds the ports, each with what is served on it.
    pub async fn listeners(
        &self,
        health: Router,
        api: Option<Router>,
    ) -> Result<Vec<(TcpListener, Router)>, ArgumentsError> {
        let routes = match (self.health_listen, api) {
            (None, api) => vec![(self.listen, health.merge(api.unwrap_or_default()))],
            (Some(address), None) => vec![(address, health)],
            (Some(address), Some(api)) => vec![(address, health), (self.listen, api)],
        };
        let bind = async |(address, routes)| match TcpListener::bind(address).await {
            Ok(listener) => Ok((listener, routes)),
            Err(source) => Err(ArgumentsError::Listen { address, source }),
        };
        try_join_all(routes.into_iter().map(bind)).await
    }

    /// The object store.
    pub fn files(&self) -> Result<Files, ArgumentsError> {
        Ok(Files::new(Store::open_with(&self.store_url, self.store_secret.as_deref())?))
    }

    /// The routes of the API. `client` has jobs and tokens reviewed and reads what the cache does not have.
    pub fn routes(
        &self,
        executor: Arc<Executor<Production>>,
        client: Client,
        files: Files,
    ) -> Result<Router, ArgumentsError> {
        let auth = Arc::new(self.auth(&client)?);
        let (namespace, watched) = (self.namespace.clone(), self.namespaces().into());
        let router =
            routes::router(HttpState { executor, client, namespace, watched, files, auth }).merge(openapi::served());
        Ok(routes::with_cors(router, self.api_cors_origins.clone()))
    }

    fn auth(&self, client: &Client) -> Result<Auth, ArgumentsError> {
        match self.api_auth {
            AuthKind::Kubernetes => {
                let audiences = trimmed(&self.api_audience);
                let audience = audiences.first().cloned().ok_or(ArgumentsError::NoAudience)?;
                Ok(Auth::Kubernetes { reviews: Box::new(Reviews::new(client.clone(), audiences)), audience })
            }
            AuthKind::None => {
                if !self.listen.ip().is_loopback() {
                    tracing::warn!(address = %self.listen, "--api-auth=none: everybody who can reach this address may read and create jobs");
                }
                Ok(Auth::Open)
            }
        }
    }
}

fn trimmed(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}
