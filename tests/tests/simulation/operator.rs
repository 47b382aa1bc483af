//! An operator process: the drivers of `subtitle_operator::{controller, sessions, consumer, history, dead, repair}` over
//! the simulated servers. Every decision and effect in them is production code; what is here only waits and calls.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use jiff::Timestamp;
use subtitle_broker::Backoff;
use subtitle_contract::job::SubtitleJob;
use subtitle_operator::{act::Hands, metrics::Metrics, reconciler::Reconciler, repair, sessions::announcement};
use subtitle_store::Store;
use tokio::sync::{Notify, watch};

use crate::{
    cluster::{Change, View},
    executor::{Order, Scope},
    faults::Planted,
    ledger::Link,
    loops,
    queue::WorkQueue,
    session::Session,
    world::Sim,
};

/// Tasks out at once.
const MAX_IN_FLIGHT: usize = 2;
/// How often a candidate looks at the lease.
const LOOK_AT_LEASE: Duration = Duration::from_millis(500);

/// What the tasks of one operator process share.
pub(crate) struct Operator {
    /// The world.
    pub(crate) sim: Sim,
    /// Which process it is.
    pub(crate) process: usize,
    /// Its watch's cache.
    pub(crate) view: Arc<View>,
    /// The production reconciler.
    pub(crate) reconciler: Reconciler<View, Link, Session>,
    /// Objects to reconcile.
    pub(crate) queue: WorkQueue,
    /// Some task is in doubt.
    pub(crate) doubts: Arc<Notify>,
    /// Something waits or a place became free.
    pub(crate) changed: Notify,
    sessions: watch::Sender<Option<Arc<Session>>>,
    deletions: Mutex<VecDeque<SubtitleJob>>,
    deleted: Notify,
}

impl Operator {
    /// The time of day, by its own clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.sim.clock(self.process)
    }
}

/// Starts a process.
pub(crate) fn start(sim: &Sim, process: usize, files: Store) {
    let (sessions, broker) = watch::channel(None);
    let view = Arc::new(View::new(sim, process));
    let hands = Arc::new(Hands::new(view.clone(), Arc::new(Link::new(sim, process)), Metrics::of("simulation").1));
    let operator = Arc::new(Operator {
        sim: sim.clone(),
        process,
        view,
        reconciler: Reconciler::new(hands, broker, files, MAX_IN_FLIGHT),
        queue: WorkQueue::default(),
        doubts: Arc::default(),
        changed: Notify::new(),
        sessions,
        deletions: Mutex::default(),
        deleted: Notify::new(),
    });
    sim.with(|world| world.api.list(process));
    let scope = Scope { process, session: 0 };
    sim.spawn(scope, watch_jobs(operator.clone()));
    let sim = sim.clone();
    sim.clone().spawn(scope, async move {
        while !sim.with(|world| world.leads[process]) {
            sim.sleep(LOOK_AT_LEASE).await;
        }
        sim.spawn(scope, loops::control(operator.clone()));
        sim.spawn(scope, loops::wake(operator.clone()));
        sim.spawn(scope, run_sessions(operator));
    });
}

async fn watch_jobs(operator: Arc<Operator>) {
    loop {
        let stalls_until = operator.sim.with(|world| {
            let watch = world.api.watches.entry(operator.process).or_default();
            watch.stalls_until.saturating_sub(world.elapsed)
        });
        if stalls_until > 0 {
            operator.sim.sleep(Duration::from_millis(stalls_until)).await;
        }
        let change = std::future::poll_fn(|context| {
            operator.sim.with(|world| {
                let watch = world.api.watches.entry(operator.process).or_default();
                if let Some(change) = watch.changes.pop_front() {
                    return Poll::Ready(change);
                }
                watch.waker = Some(context.waker().clone());
                Poll::Pending
            })
        });
        let change = change.await;
        operator.view.apply(&change);
        let now = operator.now();
        match &change {
            Change::Applied(job) => operator.queue.add(job, now),
            // Who does not lead leaves it to the repair of who will.
            Change::Deleted(_) if !operator.sim.with(|world| world.leads[operator.process]) => {}
            Change::Deleted(job) => {
                operator.deletions.lock().unwrap_or_else(PoisonError::into_inner).push_back(job.as_ref().clone());
                operator.deleted.notify_one();
            }
            Change::Listed(all) => all.iter().for_each(|job| operator.queue.add(job, now)),
        }
        operator.sim.step().await;
    }
}

/// One session after the other, as `sessions::run` has them.
async fn run_sessions(operator: Arc<Operator>) {
    let sim = operator.sim.clone();
    let mut backoff = Backoff::default();
    loop {
        let begun = sim.with(|world| world.elapsed);
        let (session, made_anew) = Session::open_and_declare(&sim, operator.process).await;
        let session = Arc::new(session);
        if !sim.with(|world| world.is_planted(Planted::NoTaskRepair)) {
            repair::doubt_tasks_in(&operator.reconciler, &made_anew);
        }
        operator.sessions.send_replace(Some(session.clone()));
        operator.doubts.notify_one();
        sim.spawn(session.scope, until_closed(session.clone(), loops::consume(operator.clone(), session.clone())));
        sim.spawn(session.scope, until_closed(session.clone(), loops::bury(operator.clone(), session.clone())));
        let history = loops::remember(operator.clone(), session.clone());
        sim.spawn(session.scope, until_closed(session.clone(), history));
        sim.spawn(session.scope, until_closed(session.clone(), loops::repair(operator.clone(), session.clone())));
        sim.spawn(session.scope, until_closed(session.clone(), announce(operator.clone(), session.clone())));
        let error = session.ended().await;
        operator.sessions.send_replace(None);
        sim.with(|world| {
            world.note(|| format!("{}: {error}", crate::faults::name_of(operator.process)));
            world.order(Order::EndSession(session.scope));
        });
        sim.pause(&mut backoff, begun).await;
    }
}

/// The first loop that ends takes the session with it.
async fn until_closed<E: std::fmt::Display>(session: Arc<Session>, ends: impl Future<Output = E>) {
    let error = ends.await;
    session.close(&error);
}

async fn announce(operator: Arc<Operator>, session: Arc<Session>) -> subtitle_broker::BrokerError {
    use subtitle_broker::Publish as _;
    loop {
        let next = operator.deletions.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(job) = next else {
            operator.deleted.notified().await;
            continue;
        };
        if let Some(event) = announcement(&job, operator.now())
            && let Err(error) = session.publish(&event).await
        {
            return error;
        }
    }
}
