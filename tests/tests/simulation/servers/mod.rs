//! The simulated servers of one seed, as plain state that is changed atomically; `ports` decides what a process sees of it, and
//! when.

pub(crate) mod api_server;
pub(crate) mod broker;
pub(crate) mod redis;
