//! What may have been lost on the broker, and is done again. Pure.

pub mod queues;
pub mod tasks;
