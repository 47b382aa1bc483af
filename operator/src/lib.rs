//! The operator: publishes tasks for SubtitleJobs, and writes the status and the history from events.
//!
//! ```text
//!            Kubernetes, RabbitMQ, Redis: behind ports
//!        reads │                         ▲ writes
//!              ▼                         │
//!   observe (facts in) ──▶ decide ──▶ act::Executor (effects out, the only writer)
//!              ▲          (pure:         ▲
//!              │           Plan)         │
//!   loops: controller · session supervisor ─▶ consumer · history · dead letters · repair · gauges
//!   http:  the API, which reads through the ports and creates jobs
//!   serve: wires all of it to the real servers while this process leads
//! ```

pub mod act;
pub mod commands;
pub mod crd;
pub mod decide;
pub mod http;
pub mod leader;
pub mod loops;
pub mod metrics;
pub mod observe;
pub mod serve;
