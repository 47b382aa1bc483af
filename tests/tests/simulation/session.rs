//! A session with the simulated broker: the ports `Publish` and `Queues`, and what the drivers need besides. A confirm
//! may be lost after the message was routed, a message before; both end the session, as they do in production.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use subtitle_broker::{BrokerError, Publish, Refusal};
use subtitle_contract::{
    event::{Event, EventType},
    reason::Reason,
    topology::{CONSUMER_QUEUE, DEAD_LETTERS_EXCHANGE, EVENTS_EXCHANGE, HISTORY_STREAM},
};
use subtitle_operator::act::queues::Queues;

use crate::{
    broker::Message,
    corners::Corner,
    executor::Scope,
    faults::{Planted, name_of},
    world::{Sim, World},
};

/// A session of one process.
#[derive(Clone)]
pub(crate) struct Session {
    sim: Sim,
    /// Which one.
    pub(crate) scope: Scope,
}

fn silent(action: &'static str) -> BrokerError {
    BrokerError::Silent { action, waited: Duration::from_secs(10) }
}

/// Routes an event, and shows it to the checks.
pub(crate) fn route(world: &mut World, message: &Message) -> usize {
    let routed = world.broker.route(EVENTS_EXCHANGE, message);
    if routed > 0 {
        world.checks.routed(message.event.as_deref(), world.broker.ready(HISTORY_STREAM).is_some());
    }
    if let Some(event) = message.event.as_ref().filter(|_| routed > 0) {
        let is_task = matches!(event.event_type, EventType::DownloadRequested | EventType::TranslateRequested);
        let clocks = [world.clock(0), world.clock(1)];
        if is_task && !world.checks.say(event, clocks) {
            world.reach(Corner::TaskAgain);
        }
        world.checks.say(event, clocks);
    }
    routed
}

fn message(event: &Event) -> Message {
    let body: Arc<[u8]> = serde_json::to_vec(event).expect("an event is JSON").into();
    Message { key: event.event_type.as_str().into(), body, event: Some(Arc::new(event.clone())), earlier: 0 }
}

impl Session {
    /// Opens a session.
    pub(crate) async fn open(sim: &Sim, process: usize) -> Self {
        sim.step().await;
        let session = sim.with(|world| world.broker.open(process));
        Self { sim: sim.clone(), scope: Scope { process, session } }
    }

    /// Opens a session and declares the topology; the queues that were not there before.
    pub(crate) async fn open_and_declare(sim: &Sim, process: usize) -> (Self, Vec<&'static str>) {
        let session = Self::open(sim, process).await;
        sim.step().await;
        let made_anew = sim.with(|world| {
            let made_anew = world.broker.declare();
            world.note(|| format!("{} declares; new: {made_anew:?}", name_of(process)));
            made_anew
        });
        (session, made_anew)
    }

    /// Waits for the end of the session.
    pub(crate) async fn ended(&self) -> BrokerError {
        poll_fn(|context| {
            self.sim.with(|world| {
                if !world.broker.is_open(self.scope.session) {
                    return Poll::Ready(());
                }
                world.broker.wake_at_end(self.scope.session, context.waker().clone());
                Poll::Pending
            })
        })
        .await;
        silent("go on")
    }

    /// Closes it, and says why; what it had in hand goes back.
    pub(crate) fn close(&self, why: &dyn std::fmt::Display) {
        self.sim.with(|world| {
            if world.broker.is_open(self.scope.session) {
                world.note(|| format!("{} closes its session: {why}", name_of(self.scope.process)));
            }
            world.broker.close(self.scope.session);
        });
    }

    /// The next `job.cancelled` from now on, of this session's own queue.
    pub(crate) async fn announcement(&self, listener: u32) -> Option<Arc<[u8]>> {
        poll_fn(|context| {
            self.sim.with(|world| {
                let Some(listener) = world.broker.listeners.get_mut(&listener) else { return Poll::Ready(None) };
                if let Some(body) = listener.inbox.pop_front() {
                    return Poll::Ready(Some(body));
                }
                listener.waker = Some(context.waker().clone());
                Poll::Pending
            })
        })
        .await
    }

    /// Subscribes to a queue.
    pub(crate) async fn consume(&self, queue: &'static str, prefetch: usize) -> Result<Deliveries, BrokerError> {
        self.consume_from(queue, prefetch, 0).await
    }

    /// Subscribes to a stream from an offset on.
    pub(crate) async fn consume_from(
        &self,
        queue: &'static str,
        prefetch: usize,
        cursor: usize,
    ) -> Result<Deliveries, BrokerError> {
        self.sim.step().await;
        let id = self.sim.with(|world| {
            let is_open = world.broker.is_open(self.scope.session);
            is_open.then(|| world.broker.subscribe(self.scope.session, queue, prefetch, cursor))
        });
        let id = id.ok_or_else(|| silent("subscribe"))?;
        let id = id.ok_or_else(|| BrokerError::Missing { queue: queue.to_owned() })?;
        Ok(Deliveries { sim: self.sim.clone(), id })
    }

    async fn hand_over<T>(&self, key: &str, then: impl FnOnce(&mut World) -> T) -> Result<T, BrokerError> {
        let is_lost = self.sim.with(|world| {
            let is_lost = world.weather.is_on && world.happens(world.weather.publish_lost);
            if is_lost {
                world.reach(Corner::PublishLost);
                world.note(|| format!("{} publishes {key}: LOST, session over", name_of(self.scope.process)));
                world.broker.close(self.scope.session);
            }
            is_lost || !world.broker.is_open(self.scope.session)
        });
        if is_lost {
            return Err(silent("publish"));
        }
        if self.sim.with(|world| world.weather.is_on && world.happens(world.weather.nack)) {
            self.sim.with(|world| {
                world.reach(Corner::Nack);
                world.note(|| format!("{} publishes {key}: NACK", name_of(self.scope.process)));
            });
            return Err(BrokerError::Refused { routing_key: key.to_owned(), refusal: Refusal::Nacked });
        }
        let done = self.sim.with(then);
        self.sim.step().await;
        let is_unknown = self.sim.with(|world| {
            let is_unknown = world.weather.is_on && world.happens(world.weather.confirm_lost);
            if is_unknown {
                world.reach(Corner::ConfirmLost);
                world.note(|| format!("{} published {key}: CONFIRM LOST", name_of(self.scope.process)));
                world.broker.close(self.scope.session);
            }
            is_unknown || !world.broker.is_open(self.scope.session)
        });
        if is_unknown { Err(silent("publish")) } else { Ok(done) }
    }

    /// Publishes a task only later, as code would that writes the status first.
    fn publish_later(&self, message: Message) {
        let sim = self.sim.clone();
        self.sim.spawn(self.scope, async move {
            sim.sleep(Duration::from_millis(5)).await;
            sim.with(|world| route(world, &message));
        });
    }
}

impl Publish for Session {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        self.sim.step().await;
        let key = event.event_type.as_str();
        let message = message(event);
        let is_task = matches!(event.event_type, EventType::DownloadRequested | EventType::TranslateRequested);
        if is_task && self.scope.process < 2 && self.sim.with(|world| world.is_planted(Planted::StatusBeforePublish)) {
            self.publish_later(message);
            return Ok(());
        }
        let handed_over = self.hand_over(key, |world| {
            let routed = route(world, &message);
            world.note(|| {
                let attempt = event.attempt.unwrap_or(0);
                format!("{} publishes {key} of {} attempt {attempt}", name_of(self.scope.process), event.job_id)
            });
            routed
        });
        let outcome = match handed_over.await {
            Ok(0) => Err(BrokerError::Refused { routing_key: key.to_owned(), refusal: Refusal::Unroutable }),
            Ok(_) => Ok(()),
            Err(_) if self.sim.with(|world| world.is_planted(Planted::NoConfirm)) => Ok(()),
            Err(error) => Err(error),
        };
        if outcome.is_ok() {
            self.sim.with(|world| world.checks.confirmed(event));
        }
        outcome
    }

    async fn dead_letter(&self, key: &str, body: &[u8], reason: Reason, message: &str) -> Result<(), BrokerError> {
        self.sim.step().await;
        let letter = Message { key: key.into(), body: body.into(), event: None, earlier: 0 };
        let handed_over = self.hand_over(key, |world| {
            world.reach(Corner::DeadLetter);
            world.note(|| format!("{} dead-letters {key}: {reason} {message}", name_of(self.scope.process)));
            world.broker.route(DEAD_LETTERS_EXCHANGE, &letter)
        });
        handed_over.await.map(drop)
    }
}

impl Queues for Session {
    async fn ready(&self, queue: &'static str) -> Result<Option<u32>, BrokerError> {
        self.sim.step().await;
        self.sim.with(|world| {
            if !world.broker.is_open(self.scope.session) {
                return Err(silent("look at a queue"));
            }
            let ready = world.broker.ready(queue);
            if queue == CONSUMER_QUEUE {
                crate::checks::asked(world, self.scope.process);
            }
            let looks_settled = queue == CONSUMER_QUEUE && world.is_planted(Planted::DeadlineWhileEventsWait);
            Ok(if looks_settled { Some(0) } else { ready })
        })
    }
}

/// A subscription, as a program holds it.
#[derive(Clone)]
pub(crate) struct Deliveries {
    sim: Sim,
    id: u32,
}

impl Deliveries {
    /// The next message; none any more means cancelled.
    pub(crate) async fn next(&self) -> Option<(u64, Message)> {
        poll_fn(|context| self.now(context.waker())).await
    }

    /// What is there already, up to `most`.
    pub(crate) fn more(&self, most: usize) -> Vec<(u64, Message)> {
        let now = || match self.now(Waker::noop()) {
            Poll::Ready(message) => message,
            Poll::Pending => None,
        };
        (0..most).map_while(|_| now()).collect()
    }

    fn now(&self, waker: &Waker) -> Poll<Option<(u64, Message)>> {
        self.sim.with(|world| world.broker.next(self.id, waker))
    }

    /// Acknowledges.
    pub(crate) async fn ack(&self, tag: u64) -> Result<(), BrokerError> {
        self.sim.step().await;
        self.sim.with(|world| {
            let (queue, message) = world.broker.ack(self.id, tag).ok_or_else(|| silent("acknowledge"))?;
            crate::effects::acknowledged(world, queue, &message);
            Ok(())
        })
    }

    /// Hands back.
    pub(crate) async fn hand_back(&self, tag: u64) -> Result<(), BrokerError> {
        self.sim.step().await;
        if self.sim.with(|world| world.broker.hand_back(self.id, tag)) { Ok(()) } else { Err(silent("hand back")) }
    }
}
