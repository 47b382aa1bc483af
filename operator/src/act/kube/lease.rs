//! Reads and writes the leader's Lease. A write is guarded by the resourceVersion that was read. Called by `leader`. Does
//! I/O.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{Api, Client};
use tokio::time::timeout;

use super::write_parameters;

/// The Lease's name.
pub const LEASE: &str = "subtitle-operator";
/// Timeout of a call to the API server.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// The lease could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The API server returned an error.
    #[error("failed to read or write the lease '{LEASE}'")]
    Call(#[from] kube::Error),
    /// The API server did not respond in time.
    #[error("failed to read or write the lease '{LEASE}' within {} s", CALL_TIMEOUT.as_secs())]
    TimedOut,
}

/// The Lease in one namespace.
pub struct LeaderLease(Api<Lease>);

impl LeaderLease {
    /// The Lease in `namespace`.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self(Api::namespaced(client, namespace))
    }

    /// Reads the Lease; `None` if it does not exist.
    pub async fn read(&self) -> Result<Option<Lease>, LeaseError> {
        with_timeout(self.0.get_opt(LEASE)).await
    }

    /// Creates the Lease, or replaces the one that was read; false if another candidate wrote first.
    pub async fn write(&self, read: Option<Lease>, spec: LeaseSpec) -> Result<bool, LeaseError> {
        let parameters = write_parameters();
        let written = if let Some(read) = read {
            with_timeout(self.0.replace(LEASE, &parameters, &Lease { spec: Some(spec), ..read })).await
        } else {
            let mut lease = Lease { spec: Some(spec), ..Lease::default() };
            lease.metadata.name = Some(LEASE.to_owned());
            with_timeout(self.0.create(&parameters, &lease)).await
        };
        match written {
            Ok(_) => Ok(true),
            Err(LeaseError::Call(kube::Error::Api(status))) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }
}

async fn with_timeout<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, LeaseError> {
    Ok(timeout(CALL_TIMEOUT, call).await.map_err(|_| LeaseError::TimedOut)??)
}
