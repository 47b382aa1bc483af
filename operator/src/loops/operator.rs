//! What the loops of one operator process share: the executor, the current session, whose turn it is, and which tasks
//! may be lost. Its methods only look up and remember.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_broker::EventLog;
use subtitle_clock::Clock as _;
use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    policy::SubtitlePolicy,
};
use tokio::sync::{Notify, watch};

use crate::{
    act::{
        Executor, Ports, Servers,
        ports::{ClusterReader as _, PolicyReader as _},
    },
    decide::{
        admit::{Admission, AdmissionLimits, QueueSample, QueueWindow, admit},
        rules::JobRules,
    },
    metrics::Metrics,
    observe::{
        facts::NamespaceLimit,
        ownership::{OWNER_ANNOTATION, Ownership},
    },
};

/// The current session with the broker, while there is one.
pub type CurrentSession<P> = watch::Receiver<Option<Arc<<P as Ports>::Session>>>;

/// What the installation allows.
#[derive(Clone, Debug)]
pub struct OperatorSettings {
    /// How many tasks may be out at once.
    pub limits: AdmissionLimits,
    /// What jobs may ask for.
    pub rules: JobRules,
    /// Its name, as in `status.owner`.
    pub installation: String,
}

/// How many other installations are reported.
const MAX_FOREIGN_OWNERS: usize = 16;

type Uids = Mutex<HashSet<String>>;

/// The state of one operator process.
pub struct Operator<P: Ports> {
    executor: Arc<Executor<P>>,
    runtime: P::Runtime,
    session: CurrentSession<P>,
    metrics: Metrics,
    settings: OperatorSettings,
    admission: Mutex<Admission>,
    window: Mutex<QueueWindow>,
    republish: Uids,
    changed_policies: Uids,
    foreign_owners: Uids,
    republish_requested: Notify,
    reconciled: Notify,
    unacknowledged_events: AtomicUsize,
    received: EventLog,
}

fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<P: Ports> Operator<P> {
    /// With no job admitted yet.
    pub fn new(
        servers: Servers<P>,
        runtime: P::Runtime,
        session: CurrentSession<P>,
        settings: OperatorSettings,
        metrics: Metrics,
    ) -> Self {
        Self {
            executor: Arc::new(Executor::new(servers, metrics.clone())),
            runtime,
            session,
            metrics,
            settings,
            admission: Mutex::default(),
            window: Mutex::default(),
            republish: Uids::default(),
            changed_policies: Uids::default(),
            foreign_owners: Uids::default(),
            republish_requested: Notify::new(),
            reconciled: Notify::new(),
            unacknowledged_events: AtomicUsize::new(0),
            received: EventLog::new("RECEIVED EVENT"),
        }
    }

    /// Reads, and applies effects; the HTTP API shares it.
    pub const fn executor(&self) -> &Arc<Executor<P>> {
        &self.executor
    }

    /// Time, randomness and tasks.
    pub const fn runtime(&self) -> &P::Runtime {
        &self.runtime
    }

    /// What the operator counts.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Counts and logs an event that was received.
    pub fn received(&self, event: &Event) {
        let elapsed = self.runtime.elapsed();
        self.metrics.consumed(event);
        self.received.log(event, elapsed);
        if event.event_type == EventType::DownloadStarted {
            locked(&self.window).task_started(elapsed);
        }
    }

    /// The download queue was sampled.
    pub fn downloads_sampled(&self, sample: QueueSample) {
        locked(&self.window).sampled(sample);
    }

    /// What the installation allows.
    pub const fn settings(&self) -> &OperatorSettings {
        &self.settings
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.runtime.now()
    }

    /// The current session with the broker.
    pub fn session(&self) -> Option<Arc<P::Session>> {
        self.session.borrow().clone()
    }

    /// The current session and its changes.
    pub fn session_changes(&self) -> CurrentSession<P> {
        self.session.clone()
    }

    /// The jobs that this installation works on.
    pub fn own_jobs(&self) -> Vec<Arc<SubtitleJob>> {
        let mut jobs = self.executor.cluster().all();
        let us = &self.settings.installation;
        jobs.retain(|job| !matches!(Ownership::of_object(job, Some(us)), Ownership::Foreign(_)));
        jobs
    }

    /// The policies that this installation works on.
    pub fn own_policies(&self) -> Vec<Arc<SubtitlePolicy>> {
        let us = Some(self.settings.installation.as_str());
        let mut policies = self.executor.policies().policies();
        policies.retain(|policy| {
            let owner = policy.status.as_ref().and_then(|status| status.owner.as_deref());
            let chosen = policy.annotations().get(OWNER_ANNOTATION).map(String::as_str);
            policy.metadata.deletion_timestamp.is_none()
                && !matches!(Ownership::new(chosen, owner, us), Ownership::Foreign(_))
        });
        policies
    }

    /// The ledger of this policy has changed: it is planned at the next tick.
    pub fn policy_changed(&self, uid: &str) {
        locked(&self.changed_policies).insert(uid.to_owned());
    }

    /// Whether the ledger of this policy has changed since this was asked last.
    pub fn take_policy_change(&self, uid: &str) -> bool {
        locked(&self.changed_policies).remove(uid)
    }

    /// Admits the next jobs; returns those that were not admitted before.
    pub fn admit(&self, now: Timestamp) -> Vec<Arc<SubtitleJob>> {
        let mut jobs = self.own_jobs();
        let next = admit(&jobs, self.settings.limits, &mut locked(&self.window), now, self.runtime.elapsed());
        let mut admission = locked(&self.admission);
        let is_new = |uid: &String| next.admitted.contains(uid) && !admission.admitted.contains(uid);
        jobs.retain(|job| job.metadata.uid.as_ref().is_some_and(is_new));
        *admission = next;
        jobs
    }

    /// Whether it is the job's turn.
    pub fn is_admitted(&self, uid: &str) -> bool {
        locked(&self.admission).admitted.contains(uid)
    }

    /// The limit that holds the waiting jobs of a namespace.
    pub fn limit_of(&self, namespace: &str) -> Option<NamespaceLimit> {
        locked(&self.admission).held.get(namespace).copied()
    }

    /// The next reconcile of each of these jobs publishes its current task again.
    pub fn request_republish(&self, uids: Vec<String>) {
        locked(&self.republish).extend(uids);
    }

    /// Wakes the controller for the jobs whose task is to be published again.
    pub fn wake_for_republish(&self) {
        self.republish_requested.notify_one();
    }

    /// Returns after [`Self::wake_for_republish`].
    pub async fn republish_requested(&self) {
        self.republish_requested.notified().await;
    }

    /// Whether the job's task is to be published again.
    pub fn is_republish_requested(&self, uid: &str) -> bool {
        locked(&self.republish).contains(uid)
    }

    /// The job's task was published again, or does not have to be.
    pub fn republished(&self, uid: &str) {
        locked(&self.republish).remove(uid);
    }

    /// Whether this is the first job seen of another installation. Users choose the names: after some, all count as seen.
    pub fn is_first_of(&self, owner: &str) -> bool {
        let mut owners = locked(&self.foreign_owners);
        owners.len() < MAX_FOREIGN_OWNERS && owners.insert(owner.to_owned())
    }

    /// A reconcile ended: a turn may be free.
    pub fn wake_for_admission(&self) {
        self.reconciled.notify_one();
    }

    /// Returns after [`Self::wake_for_admission`].
    pub async fn admission_due(&self) {
        self.reconciled.notified().await;
    }

    /// Events that the consumer loop has received and not acknowledged.
    pub fn unacknowledged_events(&self) -> usize {
        self.unacknowledged_events.load(Ordering::Relaxed)
    }

    /// An event was received.
    pub fn event_received(&self) {
        self.unacknowledged_events.fetch_add(1, Ordering::Relaxed);
    }

    /// An event was acknowledged.
    pub fn event_acknowledged(&self) {
        self.unacknowledged_events.fetch_sub(1, Ordering::Relaxed);
    }

    /// A subscription begins: the broker delivers again what an earlier one did not acknowledge.
    pub fn forget_unacknowledged_events(&self) {
        self.unacknowledged_events.store(0, Ordering::Relaxed);
    }
}
