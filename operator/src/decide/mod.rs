//! The rules: facts and the current time come in, a [`plan::Plan`] goes out. No clock, no I/O, no async. Pure.

pub mod access;
pub mod admit;
pub mod checkpoint;
pub mod dead_letter;
pub mod deletion;
mod job;
pub mod lost;
pub mod plan;
pub mod policy;
pub mod rejected;
pub mod rules;

pub use job::{conditions, fold, reconcile, task};
