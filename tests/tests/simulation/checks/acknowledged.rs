//! Checks that the effects of a message are complete before it is acknowledged. Pure.

use subtitle_contract::{
    event::{Event, EventType},
    topology::{CONSUMER_QUEUE, DEAD_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE},
};

use crate::{servers::broker::Message, world::World};

/// A message of a queue was acknowledged.
pub(crate) fn acknowledged(world: &mut World, queue: &str, message: &Message) {
    let Some(event) = &message.event else {
        if queue == CONSUMER_QUEUE && !is_dead_lettered(world, message) {
            world.checks.broken("acknowledged means done", || "what is no event is in no dead letters".to_owned());
        }
        return;
    };
    let is_done = match queue {
        CONSUMER_QUEUE => is_in_status(world, event) || is_dead_lettered(world, message),
        DOWNLOAD_QUEUE => says(world, event, &[EventType::Ready, EventType::TranslateRequested, EventType::Failed]),
        TRANSLATE_QUEUE => {
            let continues = (event.job_id.clone(), event.attempt.unwrap_or(0));
            says(world, event, &[EventType::Translated, EventType::Failed])
                || world.checks.continued.contains(&continues)
        }
        _ => true,
    };
    if !is_done && !world.checks.was_restored(&event.job_id) {
        let what = format!("{} of {} is acknowledged in {queue}", event.event_type.as_str(), event.job_id);
        world.checks.broken("acknowledged means done", || what);
    }
}

/// Whether an event reports how a task ended; the task of a deleted job or of a stopped attempt ends without one.
fn says(world: &World, task: &Event, any_of: &[EventType]) -> bool {
    world.api.find(&task.job_id).is_none()
        || world.checks.is_stopped(&task.job_id, task.attempt.unwrap_or(0))
        || world.checks.was_published(&task.job_id, task.attempt.unwrap_or(0), any_of)
}

fn is_dead_lettered(world: &World, message: &Message) -> bool {
    world.broker.all(DEAD_QUEUE).any(|letter| letter.body == message.body)
}

/// Whether the status is at or past the progress of an event.
fn is_in_status(world: &World, event: &Event) -> bool {
    let rank = match event.event_type {
        EventType::DownloadRequested => 1,
        EventType::DownloadStarted => 2,
        EventType::TranslateRequested => 3,
        EventType::TranslateStarted | EventType::TranslateProgress => 4,
        EventType::Ready | EventType::Translated | EventType::Failed => 5,
        EventType::RetryScheduled
        | EventType::Cancelled
        | EventType::Stopped
        | EventType::ScanRequested
        | EventType::ScanPage
        | EventType::ScanFinished
        | EventType::Unknown(_) => return true,
    };
    let Some(status) = world.api.find(&event.job_id).map(|job| job.status.clone().unwrap_or_default()) else {
        return true;
    };
    let (attempt, of) = (status.attempt.max(1), event.attempt.unwrap_or(0));
    (attempt, super::phase_of(&status).rank()) >= (of, rank)
}
