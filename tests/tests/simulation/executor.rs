//! Runs every task of every process on one thread: each is polled when something woke it, in the order that chance
//! decides, and is dropped where it stands when its process dies.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use crate::world::Sim;

/// The process that a task belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Which process.
    pub(crate) process: usize,
}

/// What a scope does.
pub(crate) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is asked of the executor; taken up after each step.
pub(crate) enum Order {
    /// A new task.
    Spawn(Scope, Job),
    /// Drops every task of a process.
    EndProcess(usize),
}

struct Flag {
    at: usize,
    is_queued: AtomicBool,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).push(self.at);
        }
    }
}

struct Task {
    scope: Scope,
    job: Job,
    flag: Arc<Flag>,
}

/// All tasks.
#[derive(Default)]
pub(crate) struct Executor {
    tasks: Vec<Option<Task>>,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Executor {
    /// Takes up what was asked for.
    pub(crate) fn take_up(&mut self, orders: VecDeque<Order>) {
        for order in orders {
            match order {
                Order::Spawn(scope, job) => {
                    let at = self.tasks.len();
                    let flag = Arc::new(Flag { at, is_queued: AtomicBool::new(false), ready: self.ready.clone() });
                    flag.wake_by_ref();
                    self.tasks.push(Some(Task { scope, job, flag }));
                }
                Order::EndProcess(ended) => self.end(|scope| scope.process == ended),
            }
        }
    }

    fn end(&mut self, has_ended: impl Fn(Scope) -> bool) {
        for slot in &mut self.tasks {
            slot.take_if(|task| has_ended(task.scope));
        }
    }

    /// Polls one of the tasks that were woken; false if no task was.
    pub(crate) fn step(&mut self, sim: &Sim) -> bool {
        let next = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            if ready.is_empty() {
                return false;
            }
            let chosen = sim.with(|world| world.random.index(ready.len()));
            ready.swap_remove(chosen)
        };
        // Woken, and ended before its turn.
        let Some(task) = self.tasks[next].as_mut() else { return true };
        task.flag.is_queued.store(false, Ordering::Relaxed);
        let waker = Waker::from(task.flag.clone());
        if let Poll::Ready(()) = task.job.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.tasks[next] = None;
        }
        true
    }
}
