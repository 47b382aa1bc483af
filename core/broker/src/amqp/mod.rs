//! RabbitMQ behind the ports, with lapin. Does I/O.

mod browse;
mod channels;
mod connect;
mod consume;
mod deliveries;
mod publish;
mod requests;
mod session;
mod topology;

pub use browse::{Browse, Browsed};
pub use connect::AmqpConnector;
pub use deliveries::{AmqpDeliveries, AmqpReceipt};
pub use requests::{Replies, Reply, Request, RequestQueue, Requests};
pub use session::AmqpSession;
