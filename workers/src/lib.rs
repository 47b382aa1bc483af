//! Finds subtitles and translates them: tasks come in from RabbitMQ, files go to the object store, events go
//! back. Knows neither Kubernetes nor Redis.
//!
//! ```text
//!  subtitle.tasks.download ──▶ run ──▶ task ──▶ download ──▶ find (list, select, fetch) ──▶ subtitle (read)
//!                                       │                                                      │
//!  subtitle.tasks.translate ─▶ run ──▶ task ──▶ translator ──▶ translate (split, engine, check)│
//!                                       │           │ checkpoint                               ▼
//!                                  hold, claim      └───────────────▶ artefact ◀─────── store, sidecar
//! ```
#![warn(missing_docs)]

pub use subtitle_store as store;

pub mod artefact;
pub mod cancelled;
pub mod checkpoint;
pub mod claim;
pub mod clock;
pub mod config;
pub mod desk;
pub mod download;
pub mod engine;
pub mod failure;
pub mod find;
mod hold;
pub mod language_code;
pub mod metrics;
pub mod named;
pub mod program;
pub mod report;
pub mod run;
pub mod search;
mod settle;
pub mod subtitle;
pub mod task;
pub mod translate;
pub mod translator;
