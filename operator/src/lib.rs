//! The operator: SubtitleJobs in, tasks out; events in, status and history out.
//!
//! ```text
//!   observe (facts in) ──▶ decide (pure: Plan) ──▶ act (the only writers)
//!        ▲ controller: objects · consumer: events · history: the stream
//! ```

pub mod act;
pub mod api;
pub mod commands;
pub mod consumer;
pub mod controller;
pub mod crd;
pub mod dead;
pub mod decide;
pub mod gauges;
pub mod history;
pub mod lanes;
pub mod leader;
pub mod metrics;
pub mod observe;
pub mod reconciler;
pub mod repair;
pub mod run;
pub mod sessions;
pub mod watch;
