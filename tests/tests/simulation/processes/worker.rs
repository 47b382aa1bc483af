//! A worker process: the product's own worker loop, with its downloader or translator, over simulated ports.

use std::{sync::Arc, time::Duration};

use object_store::memory::InMemory;
use subtitle_store::Store;
use subtitle_workers::{
    metrics::WorkerMetrics,
    task::{Vitals, Work, Worker, WorkerIdentity, WorkerSettings},
};
use tokio_util::sync::CancellationToken;

use crate::{
    executor::Scope,
    faults::name_of,
    ports::{runtime::SimRuntime, session::SimConnector, store::SimStore},
    world::Sim,
};

/// Tasks at once.
const CONCURRENCY: u16 = 2;
/// How long a worker may finish its tasks when it is asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// The store as a process sees it.
pub(crate) fn store(sim: &Sim, process: usize, files: &Arc<InMemory>) -> Store {
    Store::over(SimStore::new(sim, process, files))
}

/// Starts a process; `incarnation` tells it from the earlier ones of its name.
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
        vitals: Vitals::new(metrics),
    };
    sim.spawn(Scope { process }, worker.run(CancellationToken::new()));
}
