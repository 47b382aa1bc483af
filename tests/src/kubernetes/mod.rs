//! A real Kubernetes: the API server alone, a whole node, and what is installed on it. Does I/O.

pub mod cluster;
pub mod installation;
pub mod keda;
pub mod node;
pub mod programs;
