//! Finds subtitles and translates them: tasks come in from RabbitMQ, files go to the object store, events go back. Knows
//! neither Kubernetes nor Redis.
//!
//! ```text
//!  subtitle.tasks.download ──▶ task ──▶ downloader ──▶ find (list, choose, fetch) ──▶ subtitle (read)
//!                               │                                                         │
//!  subtitle.tasks.translate ─▶ task ──▶ translator ──▶ translate (route, engine, check)   │
//!                               │           │ checkpoint                                  ▼
//!                         claim, lease      └───────────────▶ artifact ◀──────── store, sidecar
//!
//!  subtitle.tasks.scan ──────▶ task ──▶ scanner (walk, inspect) ──▶ subtitle.scan.page …, subtitle.scan.finished
//! ```
#![warn(missing_docs)]

pub use subtitle_store as store;

pub mod artifact;
pub mod downloader;
pub mod failure;
pub mod find;
pub mod metrics;
mod named;
pub mod notify;
pub mod observations;
pub mod program;
pub mod scanner;
pub mod secret;
pub mod sidecar;
pub mod simulation;
pub mod subtitle;
pub mod task;
pub mod translate;
pub mod translator;
