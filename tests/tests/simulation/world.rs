//! The world of one seed: time, chance, the servers, and what was noted of it. Every call to a server is a step: the
//! caller yields once, so that chance may let everybody else go first, and then the call happens at once and whole.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize},
    task::{Context, Poll, Waker},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use subtitle_broker::Backoff;

use crate::{
    broker::Broker,
    checks::Checks,
    cluster::ApiServer,
    corners::Corner,
    executor::{Job, Order, Scope},
    faults::{PROCESSES, Planted, Weather},
    ledger::Redis,
    random::Random,
};

/// Milliseconds of 2026-01-01, when every simulation begins.
const BEGINNING: i64 = 1_767_225_600_000;

/// Everything that is not a process.
pub(crate) struct World {
    /// Chance.
    pub(crate) random: Random,
    /// Milliseconds since the beginning.
    pub(crate) elapsed: u64,
    /// How likely what is to go wrong.
    pub(crate) weather: Weather,
    /// The fault that is in on purpose.
    pub(crate) planted: Option<Planted>,
    /// RabbitMQ.
    pub(crate) broker: Broker,
    /// The API server.
    pub(crate) api: ApiServer,
    /// Redis.
    pub(crate) redis: Redis,
    /// What must hold.
    pub(crate) checks: Checks,
    /// The object store does not answer until then.
    pub(crate) store_away_until: u64,
    /// Which of the operator processes may lead; both, for a while, when their lease overlaps.
    pub(crate) leads: [bool; 2],
    /// How many milliseconds each process's clock is ahead.
    skews: [i64; PROCESSES.len()],
    /// What each showed when it was last set.
    shown: [Timestamp; PROCESSES.len()],
    /// Tasks that workers have in hand.
    pub(crate) at_work: Arc<AtomicUsize>,
    /// Where this seed came to.
    pub(crate) reached: BTreeSet<Corner>,
    timers: BTreeMap<(u64, u64), Waker>,
    timers_made: u64,
    orders: VecDeque<Order>,
    trace: Option<Vec<String>>,
}

impl World {
    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        let milliseconds = BEGINNING + i64::try_from(self.elapsed).unwrap_or(0);
        Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time of day as a process's clock has it.
    pub(crate) fn clock(&self, process: usize) -> Timestamp {
        self.now() + SignedDuration::from_millis(self.skews[process])
    }

    /// The latest that a process's clock has shown, which may have been set back since.
    pub(crate) fn latest_shown(&self, process: usize) -> Timestamp {
        self.clock(process).max(self.shown[process])
    }

    /// Sets a process's clock.
    pub(crate) fn set_clock(&mut self, process: usize, skew: i64) {
        self.shown[process] = self.latest_shown(process);
        self.skews[process] = skew;
    }

    /// Whether something that is this likely happens.
    pub(crate) fn happens(&mut self, permille: u32) -> bool {
        self.random.permille(permille)
    }

    /// Whether this is the fault that is in on purpose.
    pub(crate) fn is_planted(&self, fault: Planted) -> bool {
        self.planted == Some(fault)
    }

    /// Notes that this seed came to a corner that some seed must come to.
    pub(crate) fn reach(&mut self, corner: Corner) {
        self.reached.insert(corner);
    }

    /// Writes a line of the trace, if anybody wants it.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        let elapsed = self.elapsed;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>4}.{:03} {}", elapsed / 1000, elapsed % 1000, line()));
        }
    }

    /// The trace so far.
    pub(crate) fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    /// Asks the executor for something.
    pub(crate) fn order(&mut self, order: Order) {
        self.orders.push_back(order);
    }

    /// What was asked of the executor since the last time.
    pub(crate) fn take_orders(&mut self) -> VecDeque<Order> {
        std::mem::take(&mut self.orders)
    }

    /// Jumps to the next timer, but not beyond `limit`, and wakes who waited for it; false if there is none.
    pub(crate) fn jump(&mut self, limit: u64) -> bool {
        let Some((&(due, _), _)) = self.timers.first_key_value().filter(|((due, _), _)| *due <= limit) else {
            return false;
        };
        self.elapsed = self.elapsed.max(due);
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= due) {
            entry.remove().wake();
        }
        true
    }

    fn wake_at(&mut self, due: u64, waker: Waker) {
        self.timers_made += 1;
        self.timers.insert((due, self.timers_made), waker);
    }
}

/// The world, as everybody holds it.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<World>>);

impl Sim {
    /// A world with nothing in it.
    pub(crate) fn new(seed: u64, weather: Weather, planted: Option<Planted>, is_traced: bool) -> Self {
        Self(Arc::new(Mutex::new(World {
            random: Random::new(seed),
            elapsed: 0,
            weather,
            planted,
            broker: Broker::default(),
            api: ApiServer::default(),
            redis: Redis::default(),
            checks: Checks::default(),
            store_away_until: 0,
            leads: [false; 2],
            skews: [0; PROCESSES.len()],
            shown: [Timestamp::UNIX_EPOCH; PROCESSES.len()],
            at_work: Arc::default(),
            reached: BTreeSet::new(),
            timers: BTreeMap::new(),
            timers_made: 0,
            orders: VecDeque::new(),
            trace: is_traced.then(Vec::new),
        })))
    }

    /// Looks at or changes the world, at once and whole.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time of day as a process's clock has it.
    pub(crate) fn clock(&self, process: usize) -> Timestamp {
        self.with(|world| world.clock(process))
    }

    /// Lets chance decide who goes first.
    pub(crate) async fn step(&self) {
        Step(false).await;
    }

    /// Waits.
    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let due = self.with(|world| world.elapsed.saturating_add(milliseconds));
        Sleep { sim: self.clone(), due, is_waiting: false }
    }

    /// Waits until a time of day, as a process reckons it.
    pub(crate) fn sleep_until(&self, process: usize, time: Timestamp) -> Sleep {
        let left = time.duration_since(self.clock(process));
        self.sleep(Duration::try_from(left.max(SignedDuration::ZERO)).unwrap_or_default())
    }

    /// Waits between two sessions, the first of which began then, as production does.
    pub(crate) async fn pause(&self, backoff: &mut Backoff, begun: u64) {
        let pause = self.with(|world| {
            let jitter = f64::from(u32::try_from(world.random.below(1000)).unwrap_or(0)) / 1000.0;
            backoff.pause(Duration::from_millis(world.elapsed - begun), jitter)
        });
        self.sleep(pause).await;
    }

    /// Starts a task.
    pub(crate) fn spawn(&self, scope: Scope, task: impl Future<Output = ()> + Send + 'static) {
        let job: Job = Box::pin(task);
        self.with(|world| world.order(Order::Spawn(scope, job)));
    }
}

struct Step(bool);

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A wait for a time.
pub(crate) struct Sleep {
    sim: Sim,
    due: u64,
    is_waiting: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (due, is_waiting) = (self.due, self.is_waiting);
        let is_over = self.sim.with(|world| {
            let is_over = world.elapsed >= due;
            if !is_over && !is_waiting {
                world.wake_at(due, context.waker().clone());
            }
            is_over
        });
        self.is_waiting = true;
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}
