//! Objects on the API server, and D3: nothing but writes of a status of the usual size, as many at once as the consumer
//! loop has jobs in hand. Does I/O.

use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use subtitle_core::{
    job::{SubtitleJob, SubtitleJobStatus},
    payload::Subject,
    phase::Phase,
    reason::Reason,
};
use subtitle_operator::decide::conditions;

use crate::{
    place::Place,
    statistics::{number, per_second},
};

/// Of the consumer loop.
const AT_ONCE: usize = 32;
const OBJECTS: usize = 200;
const PATCHES: usize = 2_000;

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

/// How often a call is made again whose connection the API server closed under it.
const TRIES: usize = 5;

/// The answer, or that the object is there already, of a call that may be made again.
async fn answered<T, F: Future<Output = kube::Result<T>>>(call: impl Fn() -> F) -> kube::Result<T> {
    for _ in 1..TRIES {
        match call().await {
            Err(kube::Error::HyperError(_) | kube::Error::Service(_)) => {}
            answer => return answer,
        }
    }
    call().await
}

/// Creates so many jobs, every other one to be translated.
pub(crate) async fn create(place: &Place, prefix: &str, count: usize) -> Result<Vec<Subject>> {
    let api = &place.jobs();
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
    futures::stream::iter(0..count).map(create).buffered(AT_ONCE).try_collect().await
}

fn status(at: usize) -> SubtitleJobStatus {
    let mut status = SubtitleJobStatus {
        phase: Phase::TranslateInProgress,
        attempt: 1,
        reason: Some(Reason::Working),
        progress: Some(format!("{at}/9999")),
        updated_by: Some("translator".to_owned()),
        ..SubtitleJobStatus::default()
    };
    status.conditions = conditions::of(&status, Some(1), Timestamp::now());
    status
}

/// D3: writes of a status a second.
pub(crate) async fn patches(place: &Place) -> Result<f64> {
    let subjects = create(place, "bare", OBJECTS).await?;
    let (api, subjects) = (&place.jobs(), &subjects);
    let patch = |at: usize| async move {
        let patch = Patch::Merge(json!({"status": status(at)}));
        let (name, parameters) = (&subjects[at % OBJECTS].name, PatchParams::default());
        answered(|| api.patch_status(name, &parameters, &patch)).await.map(drop)
    };
    let begun = Instant::now();
    futures::stream::iter(0..PATCHES).map(patch).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let rate = per_second(PATCHES, begun.elapsed());
    place.delete_jobs().await?;
    Ok(rate)
}

/// Objects of one measurement of D3, for the report.
pub(crate) fn size() -> (f64, f64) {
    (number(PATCHES), number(OBJECTS))
}
