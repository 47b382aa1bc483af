//! The product's ports over the simulated servers. Each call is a step, may fail before or after it was carried out, and
//! holds the planted faults: a broker that acknowledges early, a store that forgets, an API server that takes any revision.

pub(crate) mod cluster;
mod deliveries;
pub(crate) mod engine;
pub(crate) mod records;
pub(crate) mod runtime;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod store;
