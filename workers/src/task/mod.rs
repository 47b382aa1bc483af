//! The life of one task, the same for every worker: deliveries come in from the broker, events and settlements go out.
//! Generic over the broker's ports, the clock and the runtime, so that the simulation runs the same code.
//!
//! ```text
//!  worker (session after session) ──▶ session_loop (take) ──▶ handle ──▶ claim, lease ──▶ Work::perform ──▶ settle
//!                                          ▲                                                                  │
//!                                          └──────────────────── ack | requeue | leave unacked ◀──────────────┘
//! ```

mod cancelled;
pub mod claim;
mod context;
mod handle;
mod lease;
mod report;
mod settle;
mod work;
mod worker;

pub use cancelled::CancelledJobs;
pub use context::{TaskContext, WorkerIdentity};
pub use handle::{DeliveredTask, handle};
pub use lease::renew_until_lost;
pub use report::{StopReason, StopSignal, TaskReporter};
pub use settle::Settlement;
pub use work::Work;
pub use worker::{Worker, WorkerSettings, WorkerState};
