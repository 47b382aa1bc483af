//! The HTTP API: the REST routes of the legacy system, backed by SubtitleJobs. What a caller may do is what the
//! Kubernetes API allows them; a job created here is an ordinary SubtitleJob. Does I/O.
//!
//! ```text
//!   request ──▶ authenticate (401, 503) ──▶ find the job (404) ──▶ authorize (403) ──▶ respond
//! ```

pub mod arguments;
mod auth;
mod error;
mod handlers;
pub mod health;
mod listener;
pub mod openapi;
mod routes;
pub mod serve;
mod state;
