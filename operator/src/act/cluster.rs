//! The only writer of Kubernetes objects: a merge patch guarded by the resourceVersion it was decided on. Does I/O.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
    runtime::reflector::{ObjectRef, Store},
};
use serde_json::{Value, json};
use subtitle_contract::job::{SubtitleJob, SubtitleJobStatus};
use tokio::time::timeout;

use super::{notes::Notes, written::Written};

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
    /// The schema refuses this status, and would refuse it again.
    #[error("failed to write a status the API server does not accept: {0}")]
    Rejected(String),
    /// The object is gone.
    #[error("failed to write the status of a job that is gone")]
    Gone,
}

/// Objects as they are now: the watch's copy, or our own last write where that is newer.
pub trait Cluster: Send + Sync + 'static {
    /// Every object the watch has seen.
    fn all(&self) -> Vec<Arc<SubtitleJob>>;

    /// The newest version known of an object the watch handed us.
    fn newest(&self, cached: &SubtitleJob) -> impl Future<Output = SubtitleJob> + Send;

    /// The object with this uid: from the watch, else from the API server by namespace and name; none if it is gone.
    fn find(
        &self,
        uid: &str,
        place: Option<(&str, &str)>,
    ) -> impl Future<Output = Result<Option<SubtitleJob>, ClusterError>> + Send;

    /// The object as the API server has it; none if it is gone or another one has its name.
    fn read(
        &self,
        uid: &str,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<SubtitleJob>, ClusterError>> + Send;

    /// Writes `status` if `job` is still the newest version.
    fn write(
        &self,
        job: &SubtitleJob,
        status: &SubtitleJobStatus,
    ) -> impl Future<Output = Result<SubtitleJob, ClusterError>> + Send;

    /// The texts of a ConfigMap by their keys; none if there is no such ConfigMap.
    fn config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<BTreeMap<String, String>>, ClusterError>> + Send;

    /// Deletes the object, if it is still this one.
    fn delete(&self, job: &SubtitleJob) -> impl Future<Output = Result<(), ClusterError>> + Send;
}

/// A real API server, and the store a watch fills.
pub struct KubeCluster {
    client: Client,
    cache: Store<SubtitleJob>,
    written: Written,
    notes: Notes,
}

/// A merge patch keeps what it does not name: fields that are gone are named as null.
fn merged(before: Option<&SubtitleJobStatus>, after: &SubtitleJobStatus) -> Value {
    let mut merged = serde_json::to_value(after).unwrap_or_default();
    let before = serde_json::to_value(before).unwrap_or_default();
    if let (Some(merged), Some(before)) = (merged.as_object_mut(), before.as_object()) {
        for field in before.keys() {
            merged.entry(field.as_str()).or_insert(Value::Null);
        }
    }
    merged
}

impl KubeCluster {
    /// Over a client and the watch's store.
    pub fn new(client: Client, cache: Store<SubtitleJob>) -> Self {
        let notes = Notes::new(client.clone());
        Self { client, cache, written: Written::default(), notes }
    }

    fn api(&self, namespace: &str) -> Api<SubtitleJob> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

impl Cluster for KubeCluster {
    fn all(&self) -> Vec<Arc<SubtitleJob>> {
        self.cache.state()
    }

    async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        self.written.newest(cached)
    }

    async fn find(&self, uid: &str, place: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
        let cached = match place {
            Some((namespace, name)) => self.cache.get(&ObjectRef::new(name).within(namespace)),
            None => self.cache.find(|job| job.uid().as_deref() == Some(uid)),
        };
        if let Some(cached) = cached.filter(|job| job.uid().as_deref() == Some(uid)) {
            return Ok(Some(self.written.newest(&cached)));
        }
        match place {
            Some((namespace, name)) => self.read(uid, namespace, name).await,
            None => Ok(None),
        }
    }

    async fn read(&self, uid: &str, namespace: &str, name: &str) -> Result<Option<SubtitleJob>, ClusterError> {
        let found = timeout(DEADLINE, self.api(namespace).get_opt(name)).await??;
        self.written.forget(uid);
        Ok(found.filter(|job| job.uid().as_deref() == Some(uid)))
    }

    async fn write(&self, job: &SubtitleJob, status: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
        let metadata = json!({"uid": job.metadata.uid, "resourceVersion": job.metadata.resource_version});
        let patch = json!({"metadata": metadata, "status": merged(job.status.as_ref(), status)});
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        let api = self.api(&namespace);
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
        let answer = timeout(DEADLINE, api.patch_status(&name, &parameters, &patch)).await?;
        match answer {
            Ok(now) => {
                self.written.wrote(&now);
                self.notes.wrote(job, status);
                Ok(now)
            }
            Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409 | 422) => {
                self.written.forget(&job.uid().unwrap_or_default());
                Err(match answer.code {
                    404 => ClusterError::Gone,
                    409 => ClusterError::Conflict,
                    _ => ClusterError::Rejected(answer.message),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn config_map(&self, namespace: &str, name: &str) -> Result<Option<BTreeMap<String, String>>, ClusterError> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        let found = timeout(DEADLINE, api.get_opt(name)).await??;
        Ok(found.map(|found| found.data.unwrap_or_default()))
    }

    async fn delete(&self, job: &SubtitleJob) -> Result<(), ClusterError> {
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        let preconditions = Some(Preconditions { uid: job.uid(), resource_version: None });
        let parameters = DeleteParams { preconditions, ..DeleteParams::default() };
        match timeout(DEADLINE, self.api(&namespace).delete(&name, &parameters)).await? {
            Err(kube::Error::Api(answer)) if answer.code == 404 || answer.code == 409 => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}
