//! RabbitMQ and Redis as processes, the root file systems of newer versions, and proxies that cut connections. Does I/O.

pub mod debian;
pub mod proxy;
pub mod rabbitmq;
pub mod redis;
