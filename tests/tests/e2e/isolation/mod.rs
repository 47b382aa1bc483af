//! What pods and namespaces keep from each other.

pub(crate) mod hostile;
pub(crate) mod network;
