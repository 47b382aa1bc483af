//! Effects out: the only code that writes to Kubernetes, RabbitMQ, Redis and the object store. Plans come in from the
//! loops; outcomes go out.
//!
//! ```text
//!   loops, http ──Vec<Effect>──▶ Executor<P> ──▶ Cluster-, Record-, History-, Publish-, QueueWriter
//!        ▲                           │                 Production: kube, redis, AMQP; or the simulation
//!        └── ClusterReader, RecordReader (everybody may read)
//! ```
//!
//! Does I/O.

mod error;
mod executor;
mod files;
pub mod kube;
pub mod manual;
mod policies;
pub mod ports;
mod production;
pub mod redis;
pub mod reviews;

pub use error::{ActError, ClusterError, ErrorClass, RecordError};
pub use executor::{Applied, ApplyContext, Executor, JobGuard, Servers};
pub use files::Files;
pub use policies::PolicyServers;
pub use ports::Ports;
pub use production::Production;
