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

use crate::{
    checks::{corners::Corner, status::Checks},
    executor::{Job, Order, Scope},
    faults::{FaultRates, PROCESSES, Planted},
    random::Random,
    servers::{api_server::ApiServer, broker::Broker, redis::Redis},
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
    pub(crate) rates: FaultRates,
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
    /// Tasks that workers have started and not ended.
    pub(crate) running_tasks: Arc<AtomicUsize>,
    /// Something happened after which a record may be behind and no process knows it: an operator died, its watch missed
    /// changes, or the answer to a write was lost. Comparing all records, which is slow, finds it.
    pub(crate) records_may_be_behind: bool,
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

    /// Jumps to the next timer, but not beyond `limit`, and wakes what waited for it; false if no timer is left.
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
    pub(crate) fn new(seed: u64, rates: FaultRates, planted: Option<Planted>, is_traced: bool) -> Self {
        let mut checks = Checks::default();
        checks.paid.claims_may_lapse = rates.store_fails > 0 || rates.store_answer_lost > 0;
        Self(Arc::new(Mutex::new(World {
            random: Random::new(seed),
            elapsed: 0,
            rates,
            planted,
            broker: Broker::default(),
            api: ApiServer::default(),
            redis: Redis::default(),
            checks,
            store_away_until: 0,
            leads: [false; 2],
            skews: [0; PROCESSES.len()],
            shown: [Timestamp::UNIX_EPOCH; PROCESSES.len()],
            running_tasks: Arc::default(),
            records_may_be_behind: false,
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

    /// Lets chance decide who goes first, also among the futures of one task.
    pub(crate) fn step(&self) -> Step<'_> {
        Step { sim: self, has_yielded: false }
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

    /// Starts a task.
    pub(crate) fn spawn(&self, scope: Scope, task: impl Future<Output = ()> + Send + 'static) {
        let job: Job = Box::pin(task);
        self.with(|world| world.order(Order::Spawn(scope, job)));
    }
}

/// See [`Sim::step`].
pub(crate) struct Step<'a> {
    sim: &'a Sim,
    has_yielded: bool,
}

/// How often, in a thousand, a step lets others go first once more.
const YIELDS_AGAIN: u32 = 150;

impl Future for Step<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let yields = !self.has_yielded || self.sim.with(|world| world.random.permille(YIELDS_AGAIN));
        if !yields {
            return Poll::Ready(());
        }
        self.has_yielded = true;
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
