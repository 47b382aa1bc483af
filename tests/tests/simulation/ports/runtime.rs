//! The port `subtitle_clock::Runtime` of one process: time, randomness and tasks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use subtitle_clock::{Clock, Runtime};

use crate::{scheduler::ProcessId, world::Sim};

/// The runtime of a process.
#[derive(Clone)]
pub(crate) struct SimRuntime {
    sim: Sim,
    process: usize,
    /// When its monotonic clock began; no two machines' clocks began together.
    start: u64,
}

impl SimRuntime {
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self { sim: sim.clone(), process, start: sim.with(|world| world.elapsed) }
    }
}

impl Clock for SimRuntime {
    fn now(&self) -> Timestamp {
        self.sim.clock(self.process)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.sim.with(|world| world.elapsed) - self.start)
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.sleep(duration).await;
    }

    fn jitter(&self) -> f64 {
        let thousandths = self.sim.with(|world| world.random.below(1000));
        f64::from(u32::try_from(thousandths).unwrap_or(0)) / 1000.0
    }
}

impl Runtime for SimRuntime {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let running = Running::new(&self.sim);
        self.sim.spawn(ProcessId(self.process), async move {
            let _running = running;
            task.await;
        });
    }
}

/// Counts a task until it ends or is dropped with its process.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(sim: &Sim) -> Self {
        let running = sim.with(|world| world.running_tasks.clone());
        running.fetch_add(1, Ordering::Relaxed);
        Self(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
