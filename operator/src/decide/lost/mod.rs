//! Detects queues and tasks that may have been lost on the broker. Pure.

pub mod queues;
pub mod tasks;
