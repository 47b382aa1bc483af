//! The policy loop: plans each policy when it, its ledger or a job may have changed, or when something is due, and applies the
//! plan. Runs while there is a session with the broker. Does I/O.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use subtitle_contract::{
    event::{Event, source},
    payload::Subject,
    policy::SubtitlePolicy,
};
use subtitle_telemetry::chain;

use super::scans::jobs_of;
use crate::{
    act::{ActError, ApplyContext, ErrorClass, Ports, ports::PolicyReader as _},
    decide::{
        plan::Effect,
        policy::{
            facts::PolicyFacts,
            plan::{PolicyPlan, plan},
        },
    },
    loops::{operator::Operator, timer::Timer},
};

const TICK: Duration = Duration::from_secs(1);
/// How long to wait after an error.
const RETRY: SignedDuration = SignedDuration::from_secs(5);
/// How long to wait after the API server has refused a job.
const REFUSED: SignedDuration = SignedDuration::from_mins(1);

/// The generation and the annotations of a policy.
type Asked = (Option<i64>, BTreeMap<String, String>);

/// When a policy is planned next.
struct Due {
    at: Timestamp,
    /// What a person has asked for: when it changes, the policy is planned at once.
    asked: Asked,
    /// Why the API server refuses the policy's jobs.
    refused: Option<String>,
}

/// Plans until the session ends.
pub async fn run<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<Infallible, ActError> {
    let mut timer = Timer::at_once(operator.runtime(), TICK);
    let mut due: HashMap<String, Due> = HashMap::new();
    loop {
        timer.tick().await;
        let policies = operator.own_policies();
        let uids: HashSet<String> = policies.iter().filter_map(|policy| policy.uid()).collect();
        due.retain(|uid, _| uids.contains(uid));
        for policy in policies {
            let (uid, now) = (policy.uid().unwrap_or_default(), operator.now());
            let asked = (policy.metadata.generation, policy.annotations().clone());
            let has_changed = operator.take_policy_change(&uid);
            let before = due.remove(&uid).filter(|due| due.asked == asked);
            if before.as_ref().is_some_and(|before| !has_changed && before.at > now) {
                due.extend(before.map(|before| (uid, before)));
                continue;
            }
            let refused = before.and_then(|before| before.refused);
            let earliest = if refused.is_some() { now + REFUSED } else { now };
            let next = match plan_and_apply(operator, session, &policy, refused).await {
                Ok(at) => Due { at: at.max(earliest), asked, refused: None },
                Err(error) if error.class() == ErrorClass::Broker => return Err(error),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), policy = policy.name_any(), "planning a policy again");
                    let refusal = match &error {
                        ActError::Cluster(error) => error.refusal(),
                        _ => None,
                    };
                    let at = if refusal.is_some() { now } else { now + RETRY };
                    Due { at, asked, refused: refusal.map(str::to_owned) }
                }
            };
            due.insert(uid, next);
        }
    }
}

/// Returns when the policy is planned next.
async fn plan_and_apply<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    policy: &Arc<SubtitlePolicy>,
    refused: Option<String>,
) -> Result<Timestamp, ActError> {
    let (executor, uid) = (operator.executor(), policy.uid().unwrap_or_default());
    let _guard = executor.lock(&uid).await;
    let ledger = executor.policies().ledger(&uid).await?;
    let (settings, now, jobs) = (operator.settings(), operator.now(), jobs_of(operator, policy));
    let namespace = policy.namespace().unwrap_or_default();
    let readable = settings.rules.libraries.readable_folder(&namespace, &policy.spec.library);
    let facts = PolicyFacts {
        policy,
        ledger: &ledger,
        jobs: &jobs,
        denied: readable.err().map(|denied| denied.to_string()),
        refused,
        installation: Some(&settings.installation),
        now,
    };
    let PolicyPlan { changes, create, delete, scan, status, requeue_at } = plan(&facts);
    let mut effects = Vec::new();
    if !changes.is_empty() {
        effects.push(Effect::WriteLedger { uid, changes });
    }
    effects.extend(delete.into_iter().map(Effect::DeleteJob));
    effects.extend(create.into_iter().map(|job| Effect::EnsureJob(Box::new(job))));
    effects.extend(scan.map(|scan| {
        let subject = Subject::for_policy(&scan.policy);
        Effect::Publish(Box::new(Event::new(&subject, source::MANAGER, now, &scan)))
    }));
    if policy.status.as_ref() != Some(&status) {
        effects.push(Effect::WritePolicyStatus { policy: policy.clone(), status: Box::new(status) });
    }
    executor.apply(effects, ApplyContext::on_session(session, now)).await?;
    Ok(requeue_at)
}
