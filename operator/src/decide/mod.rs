//! The heart: facts and the time come in, a `Plan` goes out. Pure: no clock, no I/O, no async.

pub mod access;
pub mod admit;
pub mod conditions;
mod deadline;
pub mod fold;
pub mod plan;
pub mod reconcile;
pub mod rejected;
pub mod unusable;

#[cfg(test)]
mod tests;
