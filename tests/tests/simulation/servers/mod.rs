//! The servers of one seed: pure state, changed at once and whole; what a process sees of them, and when, is in `ports`.

pub(crate) mod api_server;
pub(crate) mod broker;
pub(crate) mod redis;
