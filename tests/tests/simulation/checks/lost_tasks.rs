//! Tasks that were lost with their queue must be published again as soon as an operator has recreated it, and not only when the
//! slow search for silent tasks finds them. Pure.

use std::collections::BTreeMap;

use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    phase::Phase,
};

use super::phase_of;
use crate::world::World;

/// How soon, in milliseconds: before a task is called silent.
const WITHIN: u64 = 15_000;

/// By job: the task's attempt and type, and when its queue was recreated.
#[derive(Debug, Default)]
pub(crate) struct LostTasks(BTreeMap<String, (u32, EventType, Option<u64>)>);

impl LostTasks {
    /// Messages were deleted with their queue.
    pub(crate) fn lost<'a>(&mut self, tasks: impl Iterator<Item = &'a Event>) {
        let entry = |task: &Event| (task.job_id.clone(), (task.attempt.unwrap_or(0), task.event_type.clone(), None));
        self.0.extend(tasks.map(entry));
    }

    /// A task was published.
    pub(crate) fn published(&mut self, task: &Event) {
        self.0.remove(&task.job_id);
    }
}

/// An operator has recreated the queue of these types of tasks. Only a job whose status says already that its task is published
/// is known to lack it.
pub(crate) fn recreated(world: &mut World, is_of_queue: impl Fn(&EventType) -> bool) {
    let (api, now) = (&world.api, world.elapsed);
    if api.watches.values().any(|watch| !watch.changes.is_empty()) {
        return;
    }
    for (uid, (attempt, kind, recreated)) in &mut world.checks.lost_tasks.0 {
        if is_of_queue(kind) && api.find(uid).is_some_and(|job| is_queued_for(job, *attempt, kind)) {
            *recreated = Some(now);
        }
    }
}

fn is_queued_for(job: &SubtitleJob, attempt: u32, kind: &EventType) -> bool {
    let Some(status) = &job.status else { return false };
    let phase = match kind {
        EventType::DownloadRequested => Phase::DownloadQueued,
        _ => Phase::TranslateQueued,
    };
    phase_of(status) == phase && status.attempt.max(1) == attempt && !job.spec.suspend
}

/// A job whose task was lost with its queue, and was not published again in time.
pub(crate) fn forgotten(world: &World) -> Option<String> {
    let lost = world.checks.lost_tasks.0.iter().find(|(uid, (attempt, kind, recreated))| {
        recreated.is_some_and(|since| world.elapsed > since + WITHIN)
            && world.api.find(uid).is_some_and(|job| is_queued_for(job, *attempt, kind))
    });
    lost.map(|(uid, (attempt, ..))| format!("the task of {uid}, attempt {attempt}, was lost with its queue"))
}
