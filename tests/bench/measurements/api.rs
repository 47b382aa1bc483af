//! Objects on the API server, and D3, the bare API server: only the status writes of the pipeline, with the concurrency
//! of the consumer loop. Does I/O.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use kube::{
    api::{Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::{Value, json};
use subtitle_contract::{job::SubtitleJob, payload::Subject};
use tokio::task::JoinHandle;

use crate::{environment::Environment, statistics::per_second};

/// The concurrency of the consumer loop.
const CONCURRENCY: usize = 32;

fn job(name: &str, translates: bool) -> SubtitleJob {
    let spec = json!({
        "video": {"title": format!("The Harbour of {name}")},
        "language": "es",
        "sources": [{"name": "simulated"}],
        "translation": {"policy": if translates { "Always" } else { "Never" }, "engines": [{"name": "simulated"}]},
        "retry": {"backoffSeconds": 1},
    });
    SubtitleJob::new(name, serde_json::from_value(spec).expect("a spec"))
}

/// Maximum number of attempts of a call whose connection the API server closed.
const MAX_ATTEMPTS: usize = 5;

/// Makes a call, and repeats it if its connection was closed; the caller must accept that it took effect twice.
async fn answered<T, F: Future<Output = kube::Result<T>>>(call: impl Fn() -> F) -> kube::Result<T> {
    for _ in 1..MAX_ATTEMPTS {
        match call().await {
            Err(kube::Error::HyperError(_) | kube::Error::Service(_)) => {}
            answer => return answer,
        }
    }
    call().await
}

/// Creates jobs, every other one to be translated.
pub(crate) async fn create(environment: &Environment, prefix: &str, count: usize) -> Result<Vec<Subject>> {
    let api = &environment.jobs();
    let create = |at| async move {
        let (name, parameters) = (format!("{prefix}-{at}"), PostParams::default());
        let job = job(&name, at % 2 == 0);
        let created = match answered(|| api.create(&parameters, &job)).await {
            Err(kube::Error::Api(answer)) if answer.code == 409 => answered(|| api.get(&name)).await?,
            created => created?,
        };
        let job_id = created.metadata.uid.unwrap_or_default();
        Ok(Subject { job_id, namespace: "default".to_owned(), name, attempt: 1 })
    };
    futures::stream::iter(0..count).map(create).buffered(CONCURRENCY).try_collect().await
}

/// Records every status of every job, in order, until it is dropped.
pub(crate) struct Recorder {
    seen: Arc<Mutex<HashMap<String, Vec<Value>>>>,
    watch: JoinHandle<()>,
}

impl Recorder {
    pub(crate) fn start(environment: &Environment) -> Self {
        let (jobs, seen) = (environment.jobs(), Arc::<Mutex<HashMap<String, Vec<Value>>>>::default());
        let keep = seen.clone();
        let watch = tokio::spawn(async move {
            let mut changes = pin!(watcher(jobs, watcher::Config::default()).default_backoff().touched_objects());
            while let Some(change) = changes.next().await {
                let Ok(SubtitleJob { metadata, status: Some(status), .. }) = change else { continue };
                let status = serde_json::to_value(status).unwrap_or_default();
                let mut seen = keep.lock().unwrap_or_else(PoisonError::into_inner);
                let statuses = seen.entry(metadata.name.unwrap_or_default()).or_default();
                if statuses.last() != Some(&status) {
                    statuses.push(status);
                }
            }
        });
        Self { seen, watch }
    }

    /// The recorded statuses, by job.
    pub(crate) fn statuses(&self) -> Vec<Vec<Value>> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// D3: writes the same statuses to as many new objects, each job's in their order; returns the writes per second.
pub(crate) async fn patches(environment: &Environment, statuses: &[Vec<Value>]) -> Result<f64> {
    let subjects = create(environment, "bare", statuses.len()).await?;
    let api = &environment.jobs();
    let write = |(subject, statuses): (Subject, &Vec<Value>)| {
        let patches: Vec<Value> = statuses.iter().map(|status| json!({"status": status})).collect();
        async move {
            for patch in patches {
                let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
                answered(|| api.patch_status(&subject.name, &parameters, &patch)).await?;
            }
            Ok::<_, kube::Error>(())
        }
    };
    let begun = Instant::now();
    futures::stream::iter(subjects.into_iter().zip(statuses))
        .map(write)
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;
    let rate = per_second(statuses.iter().map(Vec::len).sum(), begun.elapsed());
    environment.delete_jobs().await?;
    Ok(rate)
}
