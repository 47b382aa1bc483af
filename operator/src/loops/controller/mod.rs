//! The controller: each object is reconciled when it changes and when something is due. The simulation runs everything here
//! except [`run`], which uses kube's `Controller`.

mod glossary;
mod kube;
mod reconcile;
mod trigger;

pub use kube::{MAX_CONCURRENT_RECONCILES, run};
pub use reconcile::{Requeue, error_policy, reconcile_one};
pub use trigger::trigger;
