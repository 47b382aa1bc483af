//! The mock mode of `--broker=none`: events are logged once per job instead of published, and jobs keep waiting.

use std::{collections::HashSet, time::Duration};

use subtitle_clock::Clock as _;

use crate::{
    act::Ports,
    decide::task::task,
    loops::operator::Operator,
    observe::{job::ObservedJob, state::JobState},
};

const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Logs forever.
pub async fn log_only<P: Ports>(operator: &Operator<P>) {
    tracing::warn!("--broker=none: jobs are accepted and wait; events are only logged");
    let mut logged = HashSet::new();
    loop {
        for object in operator.own_jobs() {
            let Some(ObservedJob::Valid(valid)) = ObservedJob::from_object(&object) else { continue };
            let is_waiting = matches!(valid.job.state(), JobState::Waiting(_) | JobState::BackingOff(_));
            if is_waiting && logged.insert(valid.job.uid.clone()) {
                let event = serde_json::to_string(&task(&valid, operator.now())).unwrap_or_default();
                tracing::info!(event, mock = true, "NOT published, because of --broker=none");
            }
        }
        operator.runtime().sleep(LOG_INTERVAL).await;
    }
}
