//! The controller: each object is reconciled when it changes and when something is due. Everything here but
//! [`run`], which puts it behind kube's `Controller`, is what the simulation runs too.

mod glossary;
mod kube;
mod reconcile;
mod wake;

pub use kube::{RECONCILES_AT_ONCE, run};
pub use reconcile::{Requeue, error_policy, reconcile_one};
pub use wake::wake;
