//! Kubernetes: the objects, our own last writes to them, and Kubernetes Events. Does I/O.

mod cluster;
mod events;
mod last_writes;
mod lease;
mod policies;

use kube::api::PostParams;

pub use cluster::KubeCluster;
pub use events::EventRecorder;
pub use last_writes::LastWrites;
pub use lease::{LEASE, LeaderLease, LeaseError};
pub use policies::KubePolicies;

/// Who wrote a field of what this operator stores.
const FIELD_MANAGER: &str = "subtitle-operator";

/// The parameters of creating or replacing an object.
fn write_parameters() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}
