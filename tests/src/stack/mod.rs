//! The whole system as processes on free loopback ports: API server, RabbitMQ, Redis, operator, downloader, translator, and
//! a video library with two sample films. Tests, the demo and the benchmark start it. Does I/O.

mod options;
mod programs;
mod requests;
mod routes;
mod running;

pub use options::{FindModels, Options, Preview, Profile, StoreOptions};
pub use programs::{build, build_command_line};
pub use routes::Proxies;
pub use running::{Stack, import};
