//! A worker process: the driver of `subtitle_workers::run` over the simulated servers. What becomes of a task is decided
//! by the production's `task::handle`, whose desk, clock and store are the simulation's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use object_store::memory::InMemory;
use subtitle_broker::{Backoff, BrokerError};
use subtitle_contract::event::Event;
use subtitle_store::Store;
use subtitle_workers::{
    cancelled::Cancelled,
    clock::Clock,
    desk::Desk,
    metrics::Metrics,
    task::{Delivered, Settled, Work, handle},
};
use tokio::sync::mpsc;

use crate::{
    broker::Message,
    executor::Scope,
    faults::{Planted, name_of},
    files::Door,
    session::{Deliveries, Session},
    world::Sim,
};

/// Tasks at once.
const CONCURRENCY: usize = 2;

/// The simulated time, as a task of a process sees it.
#[derive(Clone)]
pub(crate) struct SimClock {
    sim: Sim,
    process: usize,
}

impl SimClock {
    /// That of a process.
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self { sim: sim.clone(), process }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.sim.clock(self.process)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.sim.with(|world| world.elapsed))
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.sleep(duration).await;
    }
}

type Hand = Desk<Session, SimClock>;

/// The store as a process sees it.
pub(crate) fn store(sim: &Sim, process: usize, files: &Arc<InMemory>) -> Store {
    Store::over(Door::new(sim, process, files))
}

/// Starts a process; `incarnation` tells it from those it had the place of.
pub(crate) fn start<W: Work>(sim: &Sim, process: usize, incarnation: u64, work: W, store: Store) {
    let (work, cancelled) = (Arc::new(work), Arc::<Cancelled>::default());
    let scope = Scope { process, session: 0 };
    let sim = sim.clone();
    sim.clone().spawn(scope, async move {
        let mut backoff = Backoff::default();
        loop {
            let begun = sim.with(|world| world.elapsed);
            let session = Session::open(&sim, process).await;
            let worker = name_of(process).to_owned();
            let incarnation = format!("{worker}/{incarnation}");
            let (_, metrics) = Metrics::of("simulation");
            let clock = SimClock::new(&sim, process);
            let mut desk = Desk::new(session.clone(), store.clone(), clock, worker, incarnation, metrics);
            desk.cancelled = cancelled.clone();
            let error = serve(&sim, &work, &Arc::new(desk)).await;
            session.close(&error);
            sim.pause(&mut backoff, begun).await;
        }
    });
}

async fn serve<W: Work>(sim: &Sim, work: &Arc<W>, desk: &Arc<Hand>) -> BrokerError {
    let session = &desk.publisher;
    let listener = sim.with(|world| world.broker.listen(session.scope.session));
    let deliveries = match session.consume(W::QUEUE, CONCURRENCY).await {
        Ok(deliveries) => deliveries,
        Err(error) => return error,
    };
    let (sender, mut done) = mpsc::unbounded_channel();
    let mut in_hand = 0;
    let error = loop {
        tokio::select! {
            biased;
            error = session.ended() => break error,
            announcement = session.announcement(listener) => match announcement {
                Some(body) => if let Ok(event) = Event::decode(&body) {
                    desk.cancelled.insert(&event.job_id);
                },
                None => break BrokerError::Cancelled,
            },
            Some(ended) = done.recv() => match ended {
                Ok(()) => in_hand -= 1,
                Err(error) => break error,
            },
            delivery = deliveries.next(), if in_hand < CONCURRENCY => {
                let Some(delivery) = delivery else { break BrokerError::Cancelled };
                in_hand += 1;
                let (work, desk, deliveries, sender) = (work.clone(), desk.clone(), deliveries.clone(), sender.clone());
                let too_early = sim.with(|world| world.is_planted(Planted::AckBeforeEffect));
                let hold = InHand::new(sim);
                sim.spawn(Scope { session: 0, ..session.scope }, async move {
                    let _hold = hold;
                    let _ = sender.send(take(work.as_ref(), &desk, &deliveries, delivery, too_early).await);
                });
            }
        }
    };
    // What is in hand goes on to the end of its batch, which is kept, and stops there.
    desk.over.cancel();
    error
}

/// A task in hand, until it is dropped, with its process if need be.
struct InHand(Arc<AtomicUsize>);

impl InHand {
    fn new(sim: &Sim) -> Self {
        let at_work = sim.with(|world| world.at_work.clone());
        at_work.fetch_add(1, Ordering::Relaxed);
        Self(at_work)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn take<W: Work>(
    work: &W,
    desk: &Hand,
    deliveries: &Deliveries,
    (tag, message): (u64, Message),
    too_early: bool,
) -> Result<(), BrokerError> {
    let earlier = u32::try_from(message.earlier).unwrap_or(u32::MAX);
    if too_early {
        deliveries.ack(tag).await?;
    }
    let delivered = Delivered { routing_key: &message.key, data: &message.body, earlier };
    match handle(work, desk, delivered).await? {
        _ if too_early => Ok(()),
        Settled::Done => deliveries.ack(tag).await,
        Settled::Later => deliveries.hand_back(tag).await,
        Settled::Left => Ok(()),
    }
}
