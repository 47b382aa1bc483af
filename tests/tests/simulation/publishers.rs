//! Publishers that send what nobody asked for: malformed messages, impossible events, failures of a newer version, and earlier
//! events again. Called by the director. Pure.

use std::sync::Arc;

use jiff::SignedDuration;
use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    lenient::Lenient,
    payload::{Failed, Subject},
};

use crate::{checks::corners::Corner, faults::MAX_SKEW, ports::session::route, servers::broker::Message, world::World};

/// Publishes a malformed message or an impossible event.
pub(crate) fn talk_nonsense(world: &mut World) {
    world.note(|| "a publisher sends NONSENSE".to_owned());
    let key = "subtitle.download.started";
    let known = world.broker.stream().iter().filter_map(|message| message.event.clone()).next_back();
    let (body, event) = match known.filter(|_| world.random.permille(500)) {
        Some(known) => {
            let event =
                Event { attempt: Some(99), id: None, event_type: EventType::DownloadStarted, ..(*known).clone() };
            (serde_json::to_vec(&event).unwrap_or_default(), Some(Arc::new(event)))
        }
        None => (b"<html>".to_vec(), None),
    };
    route(world, &Message { key: key.into(), body: body.into(), event, earlier: 0 });
}

/// Publishes the failure of a running job with a reason that only a newer version knows.
pub(crate) fn fail_newly(world: &mut World) {
    let jobs: Vec<_> = world.api.objects.values().filter(|job| job.status.is_some()).cloned().collect();
    if !jobs.is_empty() {
        let job = jobs[world.random.index(jobs.len())].clone();
        publish_unknown_failure(world, &job);
    }
}

/// Publishes that failure of a job.
pub(crate) fn publish_unknown_failure(world: &mut World, job: &SubtitleJob) {
    let subject = Subject {
        job_id: job.metadata.uid.clone().unwrap_or_default(),
        namespace: job.metadata.namespace.clone().unwrap_or_default(),
        name: job.metadata.name.clone().unwrap_or_default(),
        attempt: job.status.as_ref().map_or(1, |status| status.attempt.max(1)),
    };
    let payload = Failed {
        error_message: "the moon is too bright".to_owned(),
        reason: Lenient::Unknown("Moonlight".to_owned()),
        retryable: false,
        not_before: None,
        candidates: Vec::new(),
    };
    let event = Event::new(&subject, "transcriber", world.now(), &payload);
    world.note(|| format!("a newer worker FAILS attempt {} of {}", subject.attempt, subject.name));
    world.reach(Corner::UnknownReason);
    let body = serde_json::to_vec(&event).unwrap_or_default().into();
    let key = event.event_type.as_str().into();
    route(world, &Message { key, body, event: Some(Arc::new(event)), earlier: 0 });
}

/// Whether an event without an attempt is recognized by this timestamp as one of an earlier attempt: a late result is not.
fn tells_its_attempt(world: &World, event: &Event, timestamp: jiff::Timestamp) -> bool {
    let status = world.api.find(&event.job_id).and_then(|job| job.status.as_ref());
    status.is_none_or(|status| {
        let is_current = event.attempt == Some(status.attempt.max(1));
        is_current || status.attempt_time.as_ref().is_some_and(|began| timestamp < began.0)
    })
}

/// Publishes an earlier event again.
pub(crate) fn repeat_an_event(world: &mut World) {
    let length = world.broker.stream().len();
    if length == 0 {
        return;
    }
    let message = world.broker.stream()[world.random.index(length)].clone();
    let Some(event) = &message.event else { return };
    let is_result = matches!(event.event_type, EventType::Ready | EventType::Translated | EventType::Failed);
    // Its timestamp determines its attempt, within the maximum clock skew.
    let timestamp = event.timestamp - SignedDuration::from_millis(2 * MAX_SKEW);
    if is_result && world.random.permille(300) && tells_its_attempt(world, event, timestamp) {
        let old = Event {
            timestamp,
            id: None,
            schema_version: None,
            attempt: None,
            namespace: None,
            name: None,
            ..event.as_ref().clone()
        };
        world.reach(Corner::LegacyEvent);
        world.note(|| format!("{} of {} comes AGAIN, from an old publisher", message.key, event.job_id));
        let body = serde_json::to_vec(&old).unwrap_or_default().into();
        route(world, &Message { body, event: Some(Arc::new(old)), ..message.clone() });
        return;
    }
    world.note(|| format!("{} of {} comes AGAIN", message.key, event.job_id));
    route(world, &message);
}
