//! An operator process: the product's controller functions, trigger loop and session supervisor over simulated ports. What is
//! written here stands in for kube: the watch that fills the cache, and the `Controller` that calls reconcile.

use std::{sync::Arc, task::Poll, time::Duration};

use jiff::SignedDuration;
use subtitle_contract::job::SubtitleJob;
use subtitle_operator::{
    act::{Files, Ports, Servers},
    decide::{admit::AdmissionLimits, rules::JobRules},
    loops::{
        controller::{MAX_CONCURRENT_RECONCILES, Requeue, error_policy, reconcile_one, trigger},
        operator::{Operator, OperatorSettings},
        session::{Shutdown, supervise},
    },
    metrics::Metrics,
};
use subtitle_store::Store;
use tokio::sync::{mpsc, watch};

use super::{
    policies::NoPolicies,
    work_queue::{Next, WorkQueue},
};
use crate::{
    ports::{
        cluster::SimCluster,
        records::SimRecords,
        runtime::SimRuntime,
        session::{SimConnector, SimSession},
    },
    scheduler::ProcessId,
    servers::api_server::Change,
    world::Sim,
};

/// Tasks out at once.
const MAX_IN_FLIGHT: usize = 2;
/// How often a candidate looks at the lease.
const LOOK_AT_LEASE: Duration = Duration::from_millis(500);

/// The simulated servers.
pub(crate) struct Simulated;

impl Ports for Simulated {
    type Cluster = SimCluster;
    type Records = SimRecords;
    type Policies = NoPolicies;
    type Session = SimSession;
    type Runtime = SimRuntime;
}

/// What the tasks of one operator process share.
struct Process {
    sim: Sim,
    number: usize,
    cluster: Arc<SimCluster>,
    operator: Arc<Operator<Simulated>>,
    queue: WorkQueue,
    deleted: mpsc::UnboundedSender<SubtitleJob>,
    /// Whether the cache was filled once.
    is_listed: watch::Sender<bool>,
}

/// Starts a process.
pub(crate) fn start(sim: &Sim, number: usize, files: Store) {
    let (sessions, session) = watch::channel(None);
    let (deleted, deletions) = mpsc::unbounded_channel();
    let cluster = Arc::new(SimCluster::new(sim, number));
    let records = Arc::new(SimRecords::new(sim, number));
    let policies = Arc::new(NoPolicies);
    let servers = Servers { cluster: cluster.clone(), records, policies, files: Files::new(files) };
    let (_, metrics) = Metrics::new("simulation", MAX_CONCURRENT_RECONCILES);
    let limits = AdmissionLimits::new(MAX_IN_FLIGHT, Some(MAX_IN_FLIGHT), None);
    let rules = JobRules { allows_simulated: true, ..JobRules::default() };
    let settings = OperatorSettings { limits, rules, installation: sim.with(|world| world.installation(number)) };
    let operator = Arc::new(Operator::new(servers, SimRuntime::new(sim, number), session, settings, metrics));
    let queue = WorkQueue::default();
    let is_listed = watch::Sender::new(false);
    let process = Arc::new(Process { sim: sim.clone(), number, cluster, operator, queue, deleted, is_listed });
    sim.with(|world| world.api.list(number));
    let id = ProcessId(number);
    sim.spawn(id, watch_jobs(process.clone()));
    let sim = sim.clone();
    sim.clone().spawn(id, async move {
        while !sim.with(|world| world.leads[number]) {
            sim.sleep(LOOK_AT_LEASE).await;
        }
        sim.spawn(id, run_controller(process.clone()));
        let operator = process.operator.clone();
        let mut listed = process.is_listed.subscribe();
        sim.spawn(id, async move {
            let now = || process.sim.clock(number);
            trigger(&process.operator, |job: &SubtitleJob| process.queue.schedule(job, now())).await;
        });
        let _ = listed.wait_for(|is_listed| *is_listed).await;
        let connector = SimConnector::new(&sim, number);
        supervise(&operator, &connector, sessions, deletions, &Shutdown::default()).await;
    });
}

/// Stands in for kube's watch: brings changes into the cache, and what changed into the queue.
async fn watch_jobs(process: Arc<Process>) {
    let (sim, number) = (&process.sim, process.number);
    loop {
        let stalls_until = sim.with(|world| {
            let watch = world.api.watches.entry(number).or_default();
            watch.stalls_until.saturating_sub(world.elapsed)
        });
        if stalls_until > 0 {
            sim.sleep(Duration::from_millis(stalls_until)).await;
        }
        let change = std::future::poll_fn(|context| {
            sim.with(|world| {
                let watch = world.api.watches.entry(number).or_default();
                if let Some(change) = watch.changes.pop_front() {
                    return Poll::Ready(change);
                }
                watch.waker = Some(context.waker().clone());
                Poll::Pending
            })
        });
        let change = change.await;
        process.cluster.apply(&change);
        let now = sim.clock(number);
        match &change {
            Change::Applied(job) => process.queue.schedule(job, now),
            // A process that does not lead leaves it to the repair of the one that will.
            Change::Deleted(_) if !sim.with(|world| world.leads[number]) => {}
            Change::Deleted(job) => drop(process.deleted.send(job.as_ref().clone())),
            Change::Listed(all) => {
                for job in all {
                    process.queue.schedule(job, now);
                }
                process.is_listed.send_replace(true);
            }
        }
        sim.step().await;
    }
}

/// Stands in for kube's `Controller`: reconciles each object as it changes and as it falls due.
async fn run_controller(process: Arc<Process>) {
    let (sim, number) = (&process.sim, process.number);
    loop {
        match process.queue.take(sim.clock(number)) {
            Next::Due(uid) => sim.spawn(ProcessId(number), reconcile(process.clone(), uid)),
            Next::Empty => process.queue.changed.notified().await,
            Next::At(due) => tokio::select! {
                biased;
                () = process.queue.changed.notified() => {}
                () = sim.sleep_until(number, due) => {}
            },
        }
    }
}

async fn reconcile(process: Arc<Process>, uid: String) {
    if let Some(job) = process.cluster.cached_job(&uid) {
        let requeue = match reconcile_one(&process.operator, job.clone()).await {
            Ok(requeue) => requeue,
            Err(error) => error_policy(&job, &error),
        };
        if let Requeue::After(wait) = requeue {
            let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
            process.queue.schedule_uid(&uid, process.sim.clock(process.number) + wait);
        }
    }
    process.queue.done(&uid);
}
