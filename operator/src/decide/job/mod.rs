//! Decides about one job.
//!
//! ```text
//!   object + facts ──▶ reconcile ──┐                          ┌──▶ Publish (task)
//!                                  ├──▶ Plan (next_status) ───┤──▶ WriteStatus (conditions, deadline)
//!   events ──────────▶ fold ───────┘                          └──▶ Project, Delete
//! ```
//!
//! Pure.

pub mod conditions;
mod deadline;
mod finished;
pub mod fold;
mod next_status;
pub mod reconcile;
pub mod task;
mod waiting;

#[cfg(test)]
mod tests;
