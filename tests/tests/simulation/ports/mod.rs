//! The ports, implemented on the simulated servers. Each call is a step and may fail before or after it took effect. The
//! planted faults are here, such as a broker that acknowledges early or an API server that ignores the resourceVersion.

pub(crate) mod cluster;
mod deliveries;
pub(crate) mod engine;
pub(crate) mod records;
pub(crate) mod runtime;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod store;
