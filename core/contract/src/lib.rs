//! The contract of the subtitle system: what a person asks for, what travels on the wire, and what it means.
//! No clock, environment, randomness, network or async: time and ids are arguments. `operator` and `workers`
//! both stand on this crate and on nothing of each other.
//!
//! ```text
//!   SubtitleJob (job) ──▶ Task in an Event (task, event) ──▶ Progress + Event = Verdict (progress)
//!                             │ topology: where it travels        │ phase, reason: what a person reads
//!                             ▼                                   ▼
//!                          RabbitMQ                     status, Redis (keys), REST
//! ```
#![warn(missing_docs)]

pub mod event;
pub mod glossary;
pub mod headers;
pub mod job;
pub mod keys;
pub mod language;
pub mod media;
pub mod names;
pub mod legacy;
pub mod payload;
pub mod phase;
pub mod progress;
pub mod reason;
pub mod record;
pub mod retry;
pub mod text;
pub mod topology;
