//! Effects out: the only writers.

pub mod broker;
pub mod redis;
pub mod status;
