//! How the operator and the workers reach the servers: directly, or through proxies that can cut connections. Does I/O.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Options;
use crate::{
    kubernetes::cluster::Cluster,
    servers::{proxy::Proxy, rabbitmq::Broker, redis::Redis},
};

/// A proxy in front of each server.
pub struct Proxies {
    /// RabbitMQ.
    pub broker: Proxy,
    /// Redis.
    pub redis: Proxy,
    /// The Kubernetes API.
    pub api: Proxy,
}

/// The addresses at which the operator and the workers reach the servers.
pub(super) struct Routes {
    pub(super) kubeconfig: PathBuf,
    pub(super) broker_url: String,
    pub(super) redis_url: String,
}

impl Routes {
    pub(super) fn direct(cluster: &Cluster, broker: &Broker, redis: &Redis) -> Self {
        let (broker_url, redis_url) = (broker.url.clone(), redis.url.clone());
        Self { kubeconfig: cluster.kubeconfig.clone(), broker_url, redis_url }
    }

    pub(super) fn proxied(
        cluster: &Cluster,
        broker: &Broker,
        redis: &Redis,
        folder: &Path,
        options: &Options<'_>,
    ) -> Result<(Self, Proxies)> {
        let (kubeconfig, api) = cluster.proxied(folder, options.start_api_proxy)?;
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
