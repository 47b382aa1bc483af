//! The ports with their production implementations; makes no calls itself.

use subtitle_broker::AmqpSession;
use subtitle_clock::SystemRuntime;

use super::{kube::KubeCluster, policies::PolicyServers, ports::Ports, redis::RedisRecords};

/// Kubernetes, Redis and RabbitMQ.
#[derive(Debug)]
pub enum Production {}

impl Ports for Production {
    type Cluster = KubeCluster;
    type Records = RedisRecords;
    type Policies = PolicyServers;
    type Session = AmqpSession;
    type Runtime = SystemRuntime;
}
