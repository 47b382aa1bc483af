//! The ports with their production implementations; makes no calls itself.

use subtitle_broker::AmqpSession;
use subtitle_clock::SystemRuntime;

use super::{kube::KubeCluster, ports::Ports, redis::RedisRecords};

/// Kubernetes, Redis and RabbitMQ.
#[derive(Debug)]
pub enum Production {}

impl Ports for Production {
    type Cluster = KubeCluster;
    type Records = RedisRecords;
    type Session = AmqpSession;
    type Runtime = SystemRuntime;
}
