//! Kubernetes: the objects, our own last writes to them, and Kubernetes Events. Does I/O.

mod cluster;
mod events;
mod last_writes;
mod lease;
mod policies;

pub use cluster::KubeCluster;
pub use events::EventRecorder;
pub use last_writes::LastWrites;
pub use lease::{LEASE, LeaderLease, LeaseError};
pub use policies::KubePolicies;

/// Who wrote a field, in every write of this operator.
const FIELD_MANAGER: &str = "subtitle-operator";
