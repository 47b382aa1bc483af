//! A worker process: the production worker loop, with its downloader or translator, on simulated ports.

use std::{sync::Arc, time::Duration};

use object_store::memory::InMemory;
use subtitle_store::Store;
use subtitle_workers::{
    metrics::WorkerMetrics,
    task::{Work, Worker, WorkerIdentity, WorkerSettings, WorkerState},
};
use tokio_util::sync::CancellationToken;

use crate::{
    faults::name_of,
    ports::{runtime::SimRuntime, session::SimConnector, store::SimStore},
    scheduler::ProcessId,
    world::Sim,
};

/// Maximum number of concurrent tasks.
const CONCURRENCY: u16 = 2;
/// Grace period for finishing tasks on shutdown.
const GRACE: Duration = Duration::from_secs(10);

/// The object store of a process.
pub(crate) fn store(sim: &Sim, process: usize, files: &Arc<InMemory>) -> Store {
    Store::over(SimStore::new(sim, process, files))
}

/// Starts a process; `incarnation` distinguishes it from earlier ones with its name.
pub(crate) fn start<W: Work>(sim: &Sim, process: usize, incarnation: u64, work: W, store: Store) {
    let name = name_of(process).to_owned();
    let identity = WorkerIdentity { incarnation: format!("{name}/{incarnation}"), name };
    let (_, metrics) = WorkerMetrics::new("simulation");
    let worker = Worker {
        work: Arc::new(work),
        store,
        connector: SimConnector::new(sim, process),
        runtime: SimRuntime::new(sim, process),
        settings: WorkerSettings { concurrency: CONCURRENCY, identity, grace: GRACE },
        state: WorkerState::new(metrics),
    };
    sim.spawn(ProcessId(process), worker.run(CancellationToken::new()));
}
