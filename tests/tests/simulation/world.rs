//! The world of one seed: time, randomness, the servers, the checks and the trace. Every call to a server is a step: the caller
//! yields, so that other tasks may run first, and then the call happens atomically. Pure.

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
    faults::{FaultRates, PROCESSES, Planted, name_of},
    random::Random,
    scheduler::{Command, ProcessId, TaskFuture},
    servers::{api_server::ApiServer, broker::Broker, redis::Redis},
};

/// 2026-01-01 in milliseconds, the start of every simulation.
const START_MILLISECONDS: i64 = 1_767_225_600_000;

/// Everything except the processes.
pub(crate) struct World {
    /// The only source of randomness.
    pub(crate) random: Random,
    /// Milliseconds since the start.
    pub(crate) elapsed: u64,
    /// The rates of the random faults.
    pub(crate) rates: FaultRates,
    /// The planted fault.
    pub(crate) planted: Option<Planted>,
    /// RabbitMQ.
    pub(crate) broker: Broker,
    /// The API server.
    pub(crate) api: ApiServer,
    /// Redis.
    pub(crate) redis: Redis,
    /// The invariants.
    pub(crate) checks: Checks,
    /// Every call to the object store fails until then.
    pub(crate) store_away_until: u64,
    /// Which operator processes may lead; for a while both, when leases overlap.
    pub(crate) leads: [bool; 2],
    /// The clock skew of each process, in milliseconds.
    skews: [i64; PROCESSES.len()],
    /// The latest time that each clock had shown when it was last set.
    shown: [Timestamp; PROCESSES.len()],
    /// Tasks that workers have started and not finished.
    pub(crate) running_tasks: Arc<AtomicUsize>,
    /// A record may be behind without any process knowing it, because an operator was killed, its watch missed changes, or the
    /// response to a write was lost. Only comparing all records, which is slow, detects it.
    pub(crate) records_may_be_behind: bool,
    /// The corner cases that this seed has reached.
    pub(crate) reached: BTreeSet<Corner>,
    timers: BTreeMap<(u64, u64), Waker>,
    timers_made: u64,
    commands: VecDeque<Command>,
    trace: Option<Vec<String>>,
}

impl World {
    /// The current time.
    pub(crate) fn now(&self) -> Timestamp {
        let milliseconds = START_MILLISECONDS + i64::try_from(self.elapsed).unwrap_or(0);
        Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time that a process's clock shows.
    pub(crate) fn clock(&self, process: usize) -> Timestamp {
        self.now() + SignedDuration::from_millis(self.skews[process])
    }

    /// The installation of an operator process.
    pub(crate) fn installation(&self, process: usize) -> String {
        if self.rates.two_owners { name_of(process) } else { "release" }.to_owned()
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

    /// True with this probability, in a thousand.
    pub(crate) fn happens(&mut self, permille: u32) -> bool {
        self.random.permille(permille)
    }

    /// Whether this is the planted fault.
    pub(crate) fn is_planted(&self, fault: Planted) -> bool {
        self.planted == Some(fault)
    }

    /// Records that this seed has reached a corner case.
    pub(crate) fn reach(&mut self, corner: Corner) {
        self.reached.insert(corner);
    }

    /// Appends a line to the trace, if tracing is enabled.
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

    /// Queues a command to the scheduler.
    pub(crate) fn queue_command(&mut self, command: Command) {
        self.commands.push_back(command);
    }

    /// Takes the queued commands to the scheduler.
    pub(crate) fn take_commands(&mut self) -> VecDeque<Command> {
        std::mem::take(&mut self.commands)
    }

    /// Advances time to the next timer, but not beyond `limit`, and wakes its tasks; false without a timer.
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

/// A shared handle to the world.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<World>>);

impl Sim {
    /// A world without any objects or messages.
    pub(crate) fn new(seed: u64, rates: FaultRates, planted: Option<Planted>, is_traced: bool) -> Self {
        let mut checks = Checks::default();
        checks.paid.claims_may_lapse = rates.store_fails > 0 || rates.store_response_lost > 0;
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
            commands: VecDeque::new(),
            trace: is_traced.then(Vec::new),
        })))
    }

    /// Reads or changes the world atomically.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time that a process's clock shows.
    pub(crate) fn clock(&self, process: usize) -> Timestamp {
        self.with(|world| world.clock(process))
    }

    /// Yields, so that other tasks and other futures of this task may run first.
    pub(crate) fn step(&self) -> Step<'_> {
        Step { sim: self, has_yielded: false }
    }

    /// Waits for a duration.
    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let due = self.with(|world| world.elapsed.saturating_add(milliseconds));
        Sleep { sim: self.clone(), due, is_waiting: false }
    }

    /// Waits until a time on a process's clock.
    pub(crate) fn sleep_until(&self, process: usize, time: Timestamp) -> Sleep {
        let left = time.duration_since(self.clock(process));
        self.sleep(Duration::try_from(left.max(SignedDuration::ZERO)).unwrap_or_default())
    }

    /// Spawns a task of a process.
    pub(crate) fn spawn(&self, process: ProcessId, task: impl Future<Output = ()> + Send + 'static) {
        let future: TaskFuture = Box::pin(task);
        self.with(|world| world.queue_command(Command::Spawn(process, future)));
    }
}

/// See [`Sim::step`].
pub(crate) struct Step<'a> {
    sim: &'a Sim,
    has_yielded: bool,
}

/// Probability, in a thousand, that a step yields once more.
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

/// The future of [`Sim::sleep`].
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
