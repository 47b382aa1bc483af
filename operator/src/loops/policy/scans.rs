//! Handles the events of scans: a page goes into the ledger, the end of a scan into the ledger and the status. What does not
//! arrive in Redis is missed at the end of the scan, which is then repeated: no event of a scan holds up the events of jobs.
//! Called by the consumer loop. Does I/O.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::ResourceExt as _;
use subtitle_clock::Clock as _;
use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    policy::{
        SubtitlePolicy,
        scan::{ScanFinished, ScanPage},
    },
};
use subtitle_telemetry::chain;

use crate::{
    act::{
        ActError, ApplyContext, ErrorClass, Ports,
        ports::{ClusterReader as _, PolicyReader as _},
    },
    decide::{
        plan::Effect,
        policy::{
            facts::unfinished,
            plan,
            scan::{
                finish::ScanEnd,
                pages::{self, PageFold},
            },
        },
    },
    loops::operator::Operator,
};

/// How long to wait for the watch after a conflict.
const CONFLICT_PAUSE: Duration = Duration::from_millis(500);
/// How often a status is written again after a conflict.
const MAX_CONFLICTS: usize = 10;

/// Handles one event of a policy.
pub async fn handle<P: Ports>(operator: &Operator<P>, event: &Event) -> Result<(), ActError> {
    let _guard = operator.executor().lock(&event.job_id).await;
    let mut conflicts = 0;
    loop {
        let policies = operator.own_policies();
        let found = policies.into_iter().find(|policy| policy.uid().as_deref() == Some(event.job_id.as_str()));
        let Some(policy) = found else { return Ok(()) };
        let handled = match event.event_type {
            EventType::ScanPage => page(operator, &policy, event).await,
            EventType::ScanFinished => finished(operator, &policy, event).await,
            _ => Ok(()),
        };
        match handled {
            Err(error) if error.class() == ErrorClass::Conflict && conflicts < MAX_CONFLICTS => {
                conflicts += 1;
                operator.runtime().sleep(CONFLICT_PAUSE).await;
            }
            Err(error @ ActError::Records(_)) => {
                operator.metrics().redis_errors.increment([]);
                let (error, event_type) = (chain(&error).to_string(), event.event_type.as_str());
                tracing::warn!(event_type, policy = policy.name_any(), error, "a part of a scan is lost");
                return Ok(());
            }
            handled => {
                operator.policy_changed(&event.job_id);
                return handled;
            }
        }
    }
}

async fn page<P: Ports>(operator: &Operator<P>, policy: &Arc<SubtitlePolicy>, event: &Event) -> Result<(), ActError> {
    let Some(mut page) = read::<ScanPage>(event) else { return Ok(()) };
    let (executor, uid) = (operator.executor(), event.job_id.as_str());
    let namespace = policy.namespace().unwrap_or_default();
    let Ok(folder) = operator.settings().rules.libraries.readable_folder(&namespace, &policy.spec.library) else {
        return Ok(());
    };
    page.videos.retain(|video| {
        folder.is_empty() || video.path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    });
    let paths: Vec<String> = page.videos.iter().map(|video| video.path.clone()).collect();
    let known = if page.unreadable.is_empty() {
        executor.policies().ledger_videos(uid, &paths).await?
    } else {
        executor.policies().ledger(uid).await?
    };
    let PageFold { changes, obsolete } = pages::fold(&policy.spec, &page, &known, operator.now());
    let changes = changes.into_iter().map(|(path, video)| (path, Some(video))).collect();
    let mut effects = deletions(operator, policy, &obsolete);
    effects.push(Effect::WriteLedger { uid: uid.to_owned(), changes });
    executor.apply(effects, ApplyContext::new(operator.now())).await.map(drop)
}

async fn finished<P: Ports>(
    operator: &Operator<P>,
    policy: &Arc<SubtitlePolicy>,
    event: &Event,
) -> Result<(), ActError> {
    let Some(finished) = read::<ScanFinished>(event) else { return Ok(()) };
    let (executor, uid) = (operator.executor(), event.job_id.clone());
    let ledger = executor.policies().ledger(&uid).await?;
    let (end, status) = plan::scan_ended(policy, &finished, &ledger, operator.now());
    let ScanEnd { changes, obsolete, implausible } = end;
    tracing::info!(policy = policy.name_any(), videos = finished.videos, implausible, "a scan ended");
    let mut effects = deletions(operator, policy, &obsolete);
    effects.push(Effect::WriteLedger { uid, changes });
    effects.extend(status.map(|status| Effect::WritePolicyStatus { policy: policy.clone(), status: Box::new(status) }));
    executor.apply(effects, ApplyContext::new(operator.now())).await.map(drop)
}

/// An event that cannot be read is dropped, and its scan is incomplete.
fn read<T: subtitle_contract::payload::Payload>(event: &Event) -> Option<T> {
    let read = event.read().inspect_err(|error| {
        tracing::warn!(event_type = event.event_type.as_str(), %error, "a part of a scan cannot be read");
    });
    read.ok()
}

/// Deletes those of these jobs that are not finished.
fn deletions<P: Ports>(operator: &Operator<P>, policy: &SubtitlePolicy, names: &[String]) -> Vec<Effect> {
    let unfinished = unfinished(names, &jobs_of(operator, policy));
    unfinished.into_iter().map(Effect::DeleteJob).collect()
}

/// The jobs of the policy's namespace by name.
pub(super) fn jobs_of<P: Ports>(operator: &Operator<P>, policy: &SubtitlePolicy) -> BTreeMap<String, Arc<SubtitleJob>> {
    let mut jobs = operator.executor().cluster().all();
    jobs.retain(|job| job.namespace() == policy.namespace());
    jobs.into_iter().map(|job| (job.name_any(), job)).collect()
}
