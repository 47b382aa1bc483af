//! The control loops: each observes, decides and lets the executor act. All of them are generic over
//! [`crate::act::Ports`] and take time, randomness and tasks from [`subtitle_clock::Runtime`], so that production and
//! the simulation run the same code.
//!
//! ```text
//!   controller: objects ─┐                                    ┌─ session::supervise: one session after another,
//!                        ├─▶ Operator<P> (executor, runtime) ◀┤    and on each: consumer, history, dead_letters,
//!   consumer: events ────┘                                    └─   repair, gauges, deletions, policies
//! ```

pub mod consumer;
pub mod controller;
pub mod dead_letters;
pub mod gauges;
pub mod history;
pub mod operator;
pub mod policy;
pub mod repair;
pub mod session;
mod timer;
