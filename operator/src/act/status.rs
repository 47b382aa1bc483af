//! The only writer of status: a merge patch guarded by the resourceVersion it was decided on.

use std::{collections::HashMap, time::Duration};

use kube::{
    Api, Client, ResourceExt as _,
    api::{Patch, PatchParams},
    runtime::reflector::{ObjectRef, Store},
};
use serde_json::json;
use subtitle_core::job::{SubtitleJob, SubtitleJobStatus};
use tokio::{sync::Mutex, time::timeout};

/// The longest a call to the API server may take: the client itself never gives up.
const DEADLINE: Duration = Duration::from_secs(15);

/// The API server could not be reached or refused.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// It answered with an error.
    #[error("failed to talk to the API server: {0}")]
    Refused(#[from] kube::Error),
    /// It did not answer.
    #[error("failed to get an answer from the API server within {} s", DEADLINE.as_secs())]
    Silent(#[from] tokio::time::error::Elapsed),
    /// Somebody else wrote first; decide again on what is there now.
    #[error("failed to write the status of a job that has changed meanwhile")]
    Conflict,
}

/// Objects as they are now: the watch's copy, or our own last write where that is newer.
pub struct Jobs {
    client: Client,
    cache: Store<SubtitleJob>,
    written: Mutex<HashMap<String, SubtitleJob>>,
}

fn revision(job: &SubtitleJob) -> i64 {
    job.status.as_ref().map_or(-1, |status| status.revision)
}

impl Jobs {
    /// Over a client and the watch's store.
    pub fn new(client: Client, cache: Store<SubtitleJob>) -> Self {
        Self { client, cache, written: Mutex::new(HashMap::new()) }
    }

    fn api(&self, namespace: &str) -> Api<SubtitleJob> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Every object the watch has seen.
    pub fn all(&self) -> Vec<std::sync::Arc<SubtitleJob>> {
        self.cache.state()
    }

    /// The newest version known of an object the watch handed us.
    pub async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        let uid = cached.uid().unwrap_or_default();
        let mut written = self.written.lock().await;
        match written.get(&uid) {
            Some(ours) if revision(ours) > revision(cached) => {
                let mut newest = cached.clone();
                newest.status.clone_from(&ours.status);
                newest.metadata.resource_version.clone_from(&ours.metadata.resource_version);
                newest
            }
            _ => {
                written.remove(&uid);
                cached.clone()
            }
        }
    }

    /// The object with this uid: from the watch, else from the API server by name; none if it is gone.
    pub async fn find(&self, uid: &str, place: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
        let cached = match place {
            Some((namespace, name)) => self.cache.get(&ObjectRef::new(name).within(namespace)),
            None => self.cache.find(|job| job.uid().as_deref() == Some(uid)),
        };
        if let Some(cached) = cached.filter(|job| job.uid().as_deref() == Some(uid)) {
            return Ok(Some(self.newest(&cached).await));
        }
        match place {
            Some((namespace, name)) => self.read(uid, namespace, name).await,
            None => Ok(None),
        }
    }

    /// The object as the API server has it; none if it is gone or another one has its name.
    pub async fn read(&self, uid: &str, namespace: &str, name: &str) -> Result<Option<SubtitleJob>, ClusterError> {
        let found = timeout(DEADLINE, self.api(namespace).get_opt(name)).await??;
        self.written.lock().await.remove(uid);
        Ok(found.filter(|job| job.uid().as_deref() == Some(uid)))
    }

    /// Writes `status` if `job` is still the newest version.
    pub async fn write(&self, job: &SubtitleJob, status: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
        let status = serde_json::to_value(status).unwrap_or_default();
        // A merge patch keeps what it does not name: fields that are gone are named as null.
        let before = serde_json::to_value(&job.status).unwrap_or_default();
        let mut merged = status;
        if let (Some(merged), Some(before)) = (merged.as_object_mut(), before.as_object()) {
            for field in before.keys().filter(|field| !merged.contains_key(*field)).cloned().collect::<Vec<_>>() {
                merged.insert(field, serde_json::Value::Null);
            }
        }
        let patch = json!({"metadata": {"resourceVersion": job.metadata.resource_version}, "status": merged});
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        let api = self.api(&namespace);
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
        let patched = api.patch_status(&name, &parameters, &patch);
        let written = match timeout(DEADLINE, patched).await? {
            Err(kube::Error::Api(answer)) if answer.code == 409 => {
                self.written.lock().await.remove(&job.uid().unwrap_or_default());
                return Err(ClusterError::Conflict);
            }
            other => other?,
        };
        self.written.lock().await.insert(job.uid().unwrap_or_default(), written.clone());
        Ok(written)
    }

    /// Deletes the object, if it is still this one.
    pub async fn delete(&self, job: &SubtitleJob) -> Result<(), ClusterError> {
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        let parameters = kube::api::DeleteParams {
            preconditions: Some(kube::api::Preconditions { uid: job.uid(), resource_version: None }),
            ..kube::api::DeleteParams::default()
        };
        match timeout(DEADLINE, self.api(&namespace).delete(&name, &parameters)).await? {
            Err(kube::Error::Api(answer)) if answer.code == 404 || answer.code == 409 => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}
