//! The ports `Connector` and `Session` of one process. A message may be lost before it is routed, and a confirm after it; both
//! end the session, as on RabbitMQ.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use kube::ResourceExt as _;
use subtitle_broker::{
    BrokerError, Connector, PublishFailure, PublishWriter, QueueStats, QueueWriter, Session, StreamStart,
};
use subtitle_contract::{
    event::{Event, EventType},
    reason::Reason,
    topology::{
        CONSUMER_QUEUE, DEAD_LETTERS_EXCHANGE, DOWNLOAD_QUEUE, EVENTS_EXCHANGE, HISTORY_STREAM, TRANSLATE_QUEUE,
    },
};
use subtitle_operator::observe::ownership::OWNER_ANNOTATION;

use super::deliveries::SimDeliveries;
use crate::{
    checks::{corners::Corner, lost_tasks::recreated, paid::stopped_attempt},
    faults::{Planted, WORKERS, name_of},
    scheduler::ProcessId,
    servers::broker::Message,
    world::{Sim, World},
};

/// Opens the sessions of a process.
#[derive(Clone)]
pub(crate) struct SimConnector {
    sim: Sim,
    process: usize,
}

impl SimConnector {
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self { sim: sim.clone(), process }
    }
}

impl Connector for SimConnector {
    type Session = SimSession;

    async fn open(&self) -> Result<SimSession, BrokerError> {
        self.sim.step().await;
        let (id, credentials) = self.sim.with(|world| (world.broker.open(self.process), world.broker.credentials));
        Ok(SimSession { sim: self.sim.clone(), process: self.process, id, credentials })
    }

    async fn open_and_declare(&self) -> Result<(SimSession, Vec<&'static str>), BrokerError> {
        let session = self.open().await?;
        self.sim.step().await;
        let created = self.sim.with(|world| {
            let created = world.broker.declare();
            world.note(|| format!("{} declares; new: {created:?}", name_of(self.process)));
            // A session that ends before it has published them again leaves them to the slow search.
            if !world.rates.are_on && !world.rates.two_owners {
                let is_of_queue = |kind: &EventType| created.iter().any(|queue| Some(*queue) == queue_of(kind));
                recreated(world, is_of_queue);
            }
            let is_unnoticed = [Planted::NoTaskRepair, Planted::CreatedQueueUnnoticed];
            if is_unnoticed.iter().any(|fault| world.is_planted(*fault)) { Vec::new() } else { created }
        });
        Ok((session, created))
    }
}

/// A session of one process. It ends when it is dropped, as a connection does.
pub(crate) struct SimSession {
    sim: Sim,
    process: usize,
    id: u32,
    /// The version of the credentials with which it was opened.
    credentials: u64,
}

pub(super) fn silent(action: &'static str) -> BrokerError {
    BrokerError::Timeout { action, waited: Duration::from_secs(10) }
}

/// Routes an event, and reports it to the checks.
pub(crate) fn route(world: &mut World, message: &Message) -> usize {
    let routed = world.broker.route(EVENTS_EXCHANGE, message);
    if routed > 0 {
        world.checks.routed(message.event.as_deref(), world.broker.ready(HISTORY_STREAM).is_some());
    }
    if let Some(event) = message.event.as_ref().filter(|_| routed > 0) {
        if event.event_type == EventType::TranslateRequested && event.payload.contains_key("glossary") {
            world.reach(Corner::Glossary);
        }
        let deaf = stopped_attempt(event).and_then(|_| world.broker.deaf_worker(&message.key));
        if let Some(process) = deaf {
            let how = || format!("{} takes tasks and hears of no {}", name_of(process), message.key);
            world.checks.broken("workers hear of every stop", how);
        }
        let clocks = [world.clock(0), world.clock(1)];
        if is_task(event) {
            world.checks.lost_tasks.published(event);
        }
        if !world.checks.record_event(event, clocks) && is_task(event) {
            world.reach(Corner::TaskRepublished);
        }
    }
    routed
}

/// Only the owner of a job publishes its tasks; while it is given to another, both may.
fn check_owner(world: &mut World, process: usize, task: &Event) {
    let Some(job) = world.api.find(&task.job_id).filter(|job| !job.annotations().contains_key(OWNER_ANNOTATION)) else {
        return;
    };
    let owner = job.status.as_ref().and_then(|status| status.owner.clone());
    let us = world.installation(process);
    if owner.as_ref().is_some_and(|owner| *owner != us) {
        world.checks.broken("one owner", || format!("{us:?} publishes a task of {}, of {owner:?}", task.job_id));
    }
}

/// The queue of a type of task.
fn queue_of(kind: &EventType) -> Option<&'static str> {
    match kind {
        EventType::DownloadRequested => Some(DOWNLOAD_QUEUE),
        EventType::TranslateRequested => Some(TRANSLATE_QUEUE),
        _ => None,
    }
}

fn is_task(event: &Event) -> bool {
    queue_of(&event.event_type).is_some()
}

fn message(event: &Event) -> Message {
    let body: Arc<[u8]> = serde_json::to_vec(event).expect("an event is JSON").into();
    Message { key: event.event_type.as_str().into(), body, event: Some(Arc::new(event.clone())), earlier: 0 }
}

impl SimSession {
    /// Sends a message, which may be lost, rejected, or routed without a confirm.
    async fn send<T>(&self, key: &str, then: impl FnOnce(&mut World) -> T) -> Result<T, BrokerError> {
        let is_lost = self.sim.with(|world| {
            let is_lost = world.rates.are_on && world.happens(world.rates.publish_lost);
            if is_lost {
                world.reach(Corner::PublishLost);
                world.note(|| format!("{} publishes {key}: LOST, session over", name_of(self.process)));
                world.broker.close(self.id);
            }
            is_lost || !world.broker.is_open(self.id)
        });
        if is_lost {
            return Err(silent("publish"));
        }
        if self.sim.with(|world| world.rates.are_on && world.happens(world.rates.nack)) {
            self.sim.with(|world| {
                world.reach(Corner::Nack);
                world.note(|| format!("{} publishes {key}: NACK", name_of(self.process)));
            });
            return Err(BrokerError::PublishFailed { routing_key: key.to_owned(), failure: PublishFailure::Nacked });
        }
        let done = self.sim.with(then);
        self.sim.step().await;
        let is_unknown = self.sim.with(|world| {
            let is_unknown = world.rates.are_on && world.happens(world.rates.confirm_lost);
            if is_unknown {
                world.reach(Corner::ConfirmLost);
                world.note(|| format!("{} published {key}: CONFIRM LOST", name_of(self.process)));
                world.broker.close(self.id);
            }
            is_unknown || !world.broker.is_open(self.id)
        });
        if is_unknown { Err(silent("publish")) } else { Ok(done) }
    }

    /// Publishes a task with a delay, as if the status were written first.
    fn publish_later(&self, message: Message) {
        let sim = self.sim.clone();
        self.sim.spawn(ProcessId(self.process), async move {
            sim.sleep(Duration::from_millis(5)).await;
            sim.with(|world| route(world, &message));
        });
    }

    async fn subscribe(&self, queue: &'static str, prefetch: u16, cursor: usize) -> Result<SimDeliveries, BrokerError> {
        self.sim.step().await;
        let id = self.sim.with(|world| {
            let is_open = world.broker.is_open(self.id);
            is_open.then(|| world.broker.subscribe(self.id, queue, prefetch.into(), cursor))
        });
        let id = id.ok_or_else(|| silent("subscribe"))?;
        let id = id.ok_or_else(|| BrokerError::QueueNotFound { queue: queue.to_owned() })?;
        Ok(SimDeliveries::new(&self.sim, self.process, Some(queue), id))
    }
}

impl Drop for SimSession {
    fn drop(&mut self) {
        self.sim.with(|world| {
            if world.broker.is_open(self.id) {
                world.note(|| format!("{} drops its session", name_of(self.process)));
                world.broker.close(self.id);
            }
        });
    }
}

impl PublishWriter for SimSession {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        self.sim.step().await;
        let key = event.event_type.as_str();
        let message = message(event);
        let is_operator = self.process < WORKERS.start;
        if is_operator && is_task(event) && self.sim.with(|world| world.is_planted(Planted::StatusBeforePublish)) {
            self.publish_later(message);
            return Ok(());
        }
        if is_operator && is_task(event) {
            self.sim.with(|world| check_owner(world, self.process, event));
        }
        let is_lost =
            event.event_type == EventType::Stopped && self.sim.with(|world| world.is_planted(Planted::StopLost));
        let sent = self.send(key, |world| {
            let routed = if is_lost { 1 } else { route(world, &message) };
            world.note(|| {
                let attempt = event.attempt.unwrap_or(0);
                format!("{} publishes {key} of {} attempt {attempt}", name_of(self.process), event.job_id)
            });
            routed
        });
        let outcome = match sent.await {
            Ok(0) => {
                Err(BrokerError::PublishFailed { routing_key: key.to_owned(), failure: PublishFailure::Unroutable })
            }
            Ok(_) => Ok(()),
            Err(_) if self.sim.with(|world| world.is_planted(Planted::NoConfirm)) => Ok(()),
            Err(error) => Err(error),
        };
        if outcome.is_ok() && !is_lost {
            self.sim.with(|world| world.checks.confirmed(event));
        }
        outcome
    }

    async fn dead_letter(&self, key: &str, body: &[u8], reason: Reason, message: &str) -> Result<(), BrokerError> {
        self.sim.step().await;
        let letter = Message { key: key.into(), body: body.into(), event: None, earlier: 0 };
        let sent = self.send(key, |world| {
            world.reach(Corner::DeadLetter);
            world.note(|| format!("{} dead-letters {key}: {reason} {message}", name_of(self.process)));
            world.broker.route(DEAD_LETTERS_EXCHANGE, &letter)
        });
        sent.await.map(drop)
    }
}

impl QueueWriter for SimSession {
    async fn recreate(&self, queue: &str) -> Result<(), BrokerError> {
        self.sim.step().await;
        self.sim.with(|world| {
            world.note(|| format!("{} recreates {queue}", name_of(self.process)));
            world.broker.delete(queue);
            world.broker.declare();
        });
        Ok(())
    }
}

impl Session for SimSession {
    type Deliveries = SimDeliveries;

    async fn consume(&self, queue: &'static str, prefetch: u16) -> Result<SimDeliveries, BrokerError> {
        self.subscribe(queue, prefetch, 0).await
    }

    async fn consume_stream(
        &self,
        stream: &'static str,
        prefetch: u16,
        from: StreamStart,
    ) -> Result<SimDeliveries, BrokerError> {
        let cursor = match from {
            StreamStart::Oldest => 0,
            StreamStart::Offset(offset) => usize::try_from(offset).unwrap_or(0),
        };
        self.subscribe(stream, prefetch, cursor).await
    }

    async fn consume_events(&self, types: &[EventType], _: u16) -> Result<SimDeliveries, BrokerError> {
        self.sim.step().await;
        let id = self.sim.with(|world| {
            let is_deaf = world.is_planted(Planted::StopNotSubscribed);
            let types = types.iter().filter(|one| !is_deaf || **one != EventType::Stopped).cloned().collect();
            world.broker.is_open(self.id).then(|| world.broker.consume_events(self.id, types))
        });
        let id = id.ok_or_else(|| silent("consume events"))?;
        Ok(SimDeliveries::new(&self.sim, self.process, None, id))
    }

    async fn queue_stats(&self, queue: &'static str) -> Result<Option<QueueStats>, BrokerError> {
        self.sim.step().await;
        self.sim.with(|world| {
            if !world.broker.is_open(self.id) {
                return Err(silent("inspect a queue"));
            }
            let stats = world.broker.queue_stats(queue);
            if queue == CONSUMER_QUEUE {
                crate::checks::status::asked(world, self.process);
            }
            let ready = match world.planted {
                Some(Planted::DeadlineWhileEventsWait) if queue == CONSUMER_QUEUE => Some(0),
                Some(Planted::NoTaskRepair) if queue != CONSUMER_QUEUE => Some(1),
                _ => None,
            };
            Ok(stats.map(|stats| QueueStats { ready: ready.unwrap_or(stats.ready), ..stats }))
        })
    }

    async fn unresponsive_queues(&self) -> Result<Vec<&'static str>, BrokerError> {
        self.sim.step().await;
        Ok(Vec::new())
    }

    fn is_blocked(&self) -> bool {
        false
    }

    async fn ended(&self) -> BrokerError {
        poll_fn(|context| {
            self.sim.with(|world| {
                if !world.broker.is_open(self.id) {
                    return Poll::Ready(());
                }
                world.broker.wake_at_end(self.id, context.waker().clone());
                Poll::Pending
            })
        })
        .await;
        silent("go on")
    }

    async fn credentials_changed(&self) {
        poll_fn(|context| {
            self.sim.with(|world| {
                if world.broker.credentials != self.credentials {
                    return Poll::Ready(());
                }
                world.broker.wake_at_new_credentials(context.waker().clone());
                Poll::Pending
            })
        })
        .await;
    }

    async fn close(&self) {
        self.sim.step().await;
        self.sim.with(|world| {
            if world.broker.is_open(self.id) {
                world.note(|| format!("{} closes its session", name_of(self.process)));
                world.broker.close(self.id);
            }
        });
    }
}
