//! Finds subtitles and translates them: tasks come in from RabbitMQ, files go to the object store, events go
//! back. Knows neither Kubernetes nor Redis.
//!
//! ```text
//!  subtitle.tasks.download ──▶ run ──▶ download ──▶ find (list, select, fetch) ──▶ subtitle (decode, read)
//!                               │                                                       │
//!  subtitle.tasks.translate ──▶ run ──▶ translator ──▶ translate (split, engine, check) │
//!                               │           │                                           ▼
//!                             claim         └──────────────▶ artefact ◀──────── store, sidecar
//! ```
#![warn(missing_docs)]

pub mod artefact;
pub mod claim;
pub mod config;
pub mod download;
pub mod failure;
pub mod find;
pub mod language_code;
pub mod named;
pub mod run;
pub mod store;
pub mod subtitle;
pub mod translate;
pub mod translator;
