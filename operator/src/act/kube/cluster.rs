//! SubtitleJobs and ConfigMaps on a real API server. A status is written as a merge patch guarded by the
//! resourceVersion it was decided on, and recorded as a Kubernetes Event. Does I/O.

use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, Resource as _, ResourceExt as _,
    api::{DeleteParams, GetParams, Patch, PatchParams, Preconditions, Request},
    runtime::reflector::{ObjectRef, Store},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtitle_contract::{
    glossary,
    job::{SubtitleJob, SubtitleJobStatus},
};
use tokio::time::timeout;

use super::{FIELD_MANAGER, events::EventRecorder, last_writes::LastWrites, write_parameters};
use crate::{
    act::{
        error::{CLUSTER_TIMEOUT, ClusterError},
        ports::{ClusterReader, ClusterWriter, GlossarySource},
    },
    observe::watch::GuardedJob,
};

/// `ClusterReader` and `ClusterWriter` over the Kubernetes API and a reflector store.
pub struct KubeCluster {
    client: Client,
    cache: Store<SubtitleJob>,
    last_writes: LastWrites,
    events: EventRecorder,
}

/// What is read of a ConfigMap.
#[derive(Deserialize)]
struct StoredConfigMap {
    metadata: Labelled,
    data: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Labelled {
    labels: Option<BTreeMap<String, String>>,
}

/// The merge patch (RFC 7396) that turns `before` into `after`: a merge patch keeps what it does not name, so fields that are
/// gone are named as null, at every depth.
pub(super) fn merge_patch<S: Serialize>(before: Option<&S>, after: &S) -> Value {
    let mut patch = serde_json::to_value(after).unwrap_or_default();
    name_missing(&mut patch, &serde_json::to_value(before).unwrap_or_default());
    patch
}

fn name_missing(patch: &mut Value, before: &Value) {
    if let (Some(patch), Some(before)) = (patch.as_object_mut(), before.as_object()) {
        for (field, before) in before {
            name_missing(patch.entry(field.as_str()).or_insert(Value::Null), before);
        }
    }
}

pub(super) async fn with_timeout<T>(
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<Result<T, kube::Error>, ClusterError> {
    timeout(CLUSTER_TIMEOUT, call).await.map_err(|_| ClusterError::Timeout)
}

impl KubeCluster {
    /// Reads and writes with `client`; `cache` is the watch's store.
    pub fn new(client: Client, cache: Store<SubtitleJob>) -> Self {
        let events = EventRecorder::new(client.clone());
        Self { client, cache, last_writes: LastWrites::default(), events }
    }

    /// Records Kubernetes Events.
    pub const fn events(&self) -> &EventRecorder {
        &self.events
    }

    /// Responses are decoded as `GuardedJob`: one undecodable object must not look like an unavailable API server.
    fn api(&self, namespace: &str) -> Api<GuardedJob> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

impl ClusterReader for KubeCluster {
    fn all(&self) -> Vec<Arc<SubtitleJob>> {
        self.cache.state()
    }

    async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        self.last_writes.merge_and_evict(cached)
    }

    async fn find(&self, uid: &str, located: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
        let cached = match located {
            Some((namespace, name)) => self.cache.get(&ObjectRef::new(name).within(namespace)),
            None => self.cache.find(|job| job.uid().as_deref() == Some(uid)),
        };
        if let Some(cached) = cached.filter(|job| job.uid().as_deref() == Some(uid)) {
            return Ok(Some(self.last_writes.merge_and_evict(&cached)));
        }
        match located {
            Some((namespace, name)) => self.read(uid, namespace, name).await,
            None => Ok(None),
        }
    }

    async fn read(&self, uid: &str, namespace: &str, name: &str) -> Result<Option<SubtitleJob>, ClusterError> {
        let found = with_timeout(self.api(namespace).get_opt(name)).await??;
        self.last_writes.remove(uid);
        let same = found.filter(|job| job.uid().as_deref() == Some(uid));
        Ok(same.map(GuardedJob::into_result).transpose()?)
    }

    async fn glossary_source(&self, namespace: &str, name: &str) -> Result<Option<GlossarySource>, ClusterError> {
        let request = Request::new(ConfigMap::url_path(&(), Some(namespace))).get(name, &GetParams::default());
        let request = request.map_err(kube::Error::BuildRequest)?;
        let found = match with_timeout(self.client.request_text(request)).await? {
            Err(kube::Error::Api(answer)) if answer.code == 404 => return Ok(None),
            found => found?,
        };
        let found: StoredConfigMap = serde_json::from_str(&found).map_err(kube::Error::SerdeError)?;
        let label = found.metadata.labels.unwrap_or_default().remove(glossary::LABEL.0);
        let is_glossary = label.as_deref() == Some(glossary::LABEL.1);
        let data = || GlossarySource::Data(found.data.unwrap_or_default());
        Ok(Some(if is_glossary { data() } else { GlossarySource::Unlabelled }))
    }
}

impl ClusterWriter for KubeCluster {
    async fn write_status(&self, job: &SubtitleJob, status: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
        let metadata = json!({"uid": job.metadata.uid, "resourceVersion": job.metadata.resource_version});
        let patch = json!({"metadata": metadata, "status": merge_patch(job.status.as_ref(), status)});
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        let api = self.api(&namespace);
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(&patch);
        match with_timeout(api.patch_status(&name, &parameters, &patch)).await? {
            Ok(written) => {
                let written = written.into_result()?;
                self.last_writes.insert(written.clone());
                self.events.status_written(job, status);
                Ok(written)
            }
            Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409 | 422) => {
                self.last_writes.remove(&job.uid().unwrap_or_default());
                Err(match answer.code {
                    404 => ClusterError::Gone,
                    409 => ClusterError::Conflict,
                    _ => ClusterError::Rejected(answer.message),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn note(&self, job: &SubtitleJob, reason: &str, note: &str) {
        self.events.note(job, reason, note);
    }

    async fn create(&self, job: &SubtitleJob) -> Result<SubtitleJob, ClusterError> {
        let api: Api<SubtitleJob> = Api::namespaced(self.client.clone(), &job.namespace().unwrap_or_default());
        Ok(with_timeout(api.create(&write_parameters(), job)).await??)
    }

    async fn delete(&self, job: &SubtitleJob) -> Result<(), ClusterError> {
        let (namespace, name) = (job.namespace().unwrap_or_default(), job.name_any());
        let preconditions = Some(Preconditions { uid: job.uid(), resource_version: None });
        let parameters = DeleteParams { preconditions, ..DeleteParams::default() };
        match with_timeout(self.api(&namespace).delete(&name, &parameters)).await? {
            // 409: the UID precondition failed, so the object is another one.
            Err(kube::Error::Api(answer)) if answer.code == 404 || answer.code == 409 => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use subtitle_contract::job::JobResult;

    use super::*;

    #[test]
    fn fields_that_are_gone_are_named_as_null_at_every_depth() {
        let with = |engine: Option<&str>| {
            let result = JobResult { key: "k".into(), engine: engine.map(str::to_owned), ..JobResult::default() };
            SubtitleJobStatus { result: Some(result), ..SubtitleJobStatus::default() }
        };
        let patch = merge_patch(Some(&with(Some("apertium"))), &with(None));
        assert_eq!((&patch["result"]["key"], patch["result"].get("engine")), (&json!("k"), Some(&Value::Null)));
        let gone = merge_patch(Some(&with(None)), &SubtitleJobStatus::default());
        assert_eq!(gone.get("result"), Some(&Value::Null));
    }
}
