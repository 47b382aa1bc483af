//! Runs the tasks of all simulated processes on one thread: a task is polled after it was woken, in random order, and is
//! dropped at its current await point when its process is killed. Called by the loop of a seed. Pure.

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

/// The index of the process that a task belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessId(pub(crate) usize);

/// The future of a task.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A command to the scheduler; processed after each step.
pub(crate) enum Command {
    /// Starts a task.
    Spawn(ProcessId, TaskFuture),
    /// Drops every task of a process.
    EndProcess(usize),
}

struct TaskWaker {
    index: usize,
    is_queued: AtomicBool,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
        }
    }
}

struct Task {
    process: ProcessId,
    future: TaskFuture,
    waker: Arc<TaskWaker>,
}

/// The tasks of all processes.
#[derive(Default)]
pub(crate) struct TaskScheduler {
    tasks: Vec<Option<Task>>,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl TaskScheduler {
    /// Processes the queued commands.
    pub(crate) fn apply_commands(&mut self, commands: VecDeque<Command>) {
        for command in commands {
            match command {
                Command::Spawn(process, future) => {
                    let index = self.tasks.len();
                    let waker =
                        Arc::new(TaskWaker { index, is_queued: AtomicBool::new(false), ready: self.ready.clone() });
                    waker.wake_by_ref();
                    self.tasks.push(Some(Task { process, future, waker }));
                }
                Command::EndProcess(ended) => self.drop_tasks(ended),
            }
        }
    }

    fn drop_tasks(&mut self, process: usize) {
        for slot in &mut self.tasks {
            slot.take_if(|task| task.process.0 == process);
        }
    }

    /// Polls one of the woken tasks; false if no task is woken.
    pub(crate) fn step(&mut self, sim: &Sim) -> bool {
        let next = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            if ready.is_empty() {
                return false;
            }
            let chosen = sim.with(|world| world.random.index(ready.len()));
            ready.swap_remove(chosen)
        };
        // The task was woken but dropped before it was polled.
        let Some(task) = self.tasks[next].as_mut() else { return true };
        task.waker.is_queued.store(false, Ordering::Relaxed);
        let waker = Waker::from(task.waker.clone());
        if let Poll::Ready(()) = task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.tasks[next] = None;
        }
        true
    }
}
