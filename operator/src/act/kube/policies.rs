//! SubtitlePolicies on a real API server: read from the stores of their watches, overlaid with our own last write where that is
//! newer. A status is written as a merge patch guarded by the resourceVersion it was decided on. Does I/O.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kube::{
    Api, Client, ResourceExt as _,
    api::{Patch, PatchParams},
    runtime::reflector::Store,
};
use serde_json::json;
use subtitle_contract::policy::{SubtitlePolicy, SubtitlePolicyStatus};

use super::{
    FIELD_MANAGER,
    cluster::{merge_patch, with_timeout},
};
use crate::{act::error::ClusterError, observe::watch::Guarded};

/// The policies of the cluster.
pub struct KubePolicies {
    client: Client,
    stores: Vec<Store<SubtitlePolicy>>,
    /// Our own last writes, by uid, until the watch has delivered them.
    last_writes: Mutex<HashMap<String, Arc<SubtitlePolicy>>>,
}

fn version(policy: &SubtitlePolicy) -> Option<u64> {
    policy.metadata.resource_version.as_deref()?.parse().ok()
}

impl KubePolicies {
    /// Writes with `client`; `stores` are those of the watches.
    pub fn new(client: Client, stores: Vec<Store<SubtitlePolicy>>) -> Self {
        Self { client, stores, last_writes: Mutex::default() }
    }

    fn last_writes(&self) -> MutexGuard<'_, HashMap<String, Arc<SubtitlePolicy>>> {
        self.last_writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::act) fn all(&self) -> Vec<Arc<SubtitlePolicy>> {
        let mut writes = self.last_writes();
        let cached = self.stores.iter().flat_map(Store::state);
        let newest: Vec<_> = cached
            .map(|cached| {
                let ours = cached.uid().and_then(|uid| writes.get(&uid).cloned());
                ours.filter(|ours| version(ours) > version(&cached)).unwrap_or(cached)
            })
            .collect();
        writes.retain(|uid, ours| {
            let known = newest.iter().find(|policy| policy.uid().as_ref() == Some(uid));
            known.is_some_and(|known| Arc::ptr_eq(known, ours))
        });
        newest
    }

    pub(in crate::act) async fn write_status(
        &self,
        policy: &SubtitlePolicy,
        status: &SubtitlePolicyStatus,
    ) -> Result<(), ClusterError> {
        let metadata = json!({"uid": policy.metadata.uid, "resourceVersion": policy.metadata.resource_version});
        let patch = json!({"metadata": metadata, "status": merge_patch(policy.status.as_ref(), status)});
        let api: Api<Guarded<SubtitlePolicy>> =
            Api::namespaced(self.client.clone(), &policy.namespace().unwrap_or_default());
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        match with_timeout(api.patch_status(&policy.name_any(), &parameters, &Patch::Merge(&patch))).await? {
            Ok(written) => {
                let written = written.into_result()?;
                self.last_writes().insert(written.uid().unwrap_or_default(), Arc::new(written));
                Ok(())
            }
            Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409 | 422) => {
                self.last_writes().remove(&policy.uid().unwrap_or_default());
                Err(match answer.code {
                    404 => ClusterError::Gone,
                    409 => ClusterError::Conflict,
                    _ => ClusterError::Rejected(answer.message),
                })
            }
            Err(error) => Err(error.into()),
        }
    }
}
