//! The contract of the subtitle system: what a person asks for, what travels on the wire, and what it means. `operator` and
//! `workers` both depend on this crate and not on each other. Time and ids are arguments. Pure.
//!
//! ```text
//!   SubtitleJob (job) ──▶ task in an Event (event, payload) ──▶ Progress + Event = Classification (progress)
//!                             │ topology: where it travels          │ phase, reason: what a person reads
//!                             ▼                                     ▼
//!                          RabbitMQ                       status, Redis (keys, record), REST
//! ```
#![warn(missing_docs)]

pub mod job;
pub mod policy;
mod state;
mod values;
mod wire;

pub use job::library;
pub use state::{lenient, phase, reason, retry};
pub use values::{glossary, ids, language, media, names, store_key, text};
pub use wire::{event, headers, keys, legacy, payload, progress, record, topology};
