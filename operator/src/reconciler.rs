//! One reconcile: an object comes in; observe, decide, act; the time at which to look again goes out. Used by the
//! controller and by the simulation.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, atomic::Ordering},
};

use jiff::Timestamp;
use subtitle_contract::{job::SubtitleJob, phase::Phase, reason::Reason, topology::CONSUMER_QUEUE};
use subtitle_store::Store;
use tokio::sync::watch;

use crate::{
    act::{ActError, Hands, cluster::Cluster, glossary::snapshot, ledger::Ledger, queues::Queues},
    decide::{
        admit::turns,
        reconcile::{deadline_is_due, reconcile},
    },
    observe::{Facts, Glossary, ObservedJob},
};

/// The session others opened, while there is one.
pub type Broker<P> = watch::Receiver<Option<Arc<P>>>;

/// What every reconcile needs.
pub struct Reconciler<C, L, P> {
    /// What effects are carried out on.
    pub hands: Arc<Hands<C, L>>,
    /// RabbitMQ.
    pub broker: Broker<P>,
    /// Where glossaries are kept for workers.
    pub files: Store,
    /// At most this many tasks out.
    pub max_in_flight: usize,
    /// Jobs whose turn it is.
    admitted: Mutex<HashSet<String>>,
    /// Jobs whose task may be lost.
    doubtful: Mutex<HashSet<String>>,
}

impl<C: Cluster, L: Ledger, P: Queues> Reconciler<C, L, P> {
    /// With nobody admitted yet.
    pub fn new(hands: Arc<Hands<C, L>>, broker: Broker<P>, files: Store, max_in_flight: usize) -> Self {
        Self { hands, broker, files, max_in_flight, admitted: Mutex::default(), doubtful: Mutex::default() }
    }

    /// Lets the next jobs have their turn; those whose turn it was not before.
    pub fn admit(&self, now: Timestamp) -> Vec<Arc<SubtitleJob>> {
        let all = self.hands.cluster.all();
        let next = turns(&all, self.max_in_flight, now);
        let Ok(mut admitted) = self.admitted.lock() else { return Vec::new() };
        let is_fresh = |uid: &String| next.contains(uid) && !admitted.contains(uid);
        let fresh = all.into_iter().filter(|job| job.metadata.uid.as_ref().is_some_and(is_fresh)).collect();
        *admitted = next;
        fresh
    }

    /// The next reconcile of this job publishes its current task again.
    pub fn doubt_task_of(&self, uid: &str) {
        if let Ok(mut doubtful) = self.doubtful.lock() {
            doubtful.insert(uid.to_owned());
        }
    }

    /// Whether the next reconcile of this job publishes its task again.
    pub fn is_doubtful(&self, job: &SubtitleJob) -> bool {
        self.doubtful.lock().is_ok_and(|doubtful| job.metadata.uid.as_ref().is_some_and(|uid| doubtful.contains(uid)))
    }

    /// Reconciles one object; when to look again, if something is due.
    pub async fn reconcile(&self, job: &SubtitleJob, now: Timestamp) -> Result<Option<Timestamp>, ActError> {
        let _held = self.hands.exclusive.hold(job.metadata.uid.as_deref().unwrap_or_default()).await;
        let newest = self.hands.cluster.newest(job).await;
        let Some(observed) = ObservedJob::of(&newest) else { return Ok(None) };
        let session = self.broker.borrow().clone();
        let facts = self.facts(&observed, session.as_deref(), now).await?;
        let has_broker = facts.has_broker;
        let plan = reconcile(&observed, facts, now);
        let look_again = plan.look_again;
        self.hands.carry_out(newest, plan, session.as_deref(), None, now).await?;
        if has_broker && let Ok(mut doubtful) = self.doubtful.lock() {
            doubtful.remove(&observed.uid);
        }
        Ok(look_again)
    }

    async fn facts(&self, job: &ObservedJob, session: Option<&P>, now: Timestamp) -> Result<Facts, ActError> {
        let holds = |set: &Mutex<HashSet<String>>| set.lock().is_ok_and(|set| set.contains(&job.uid));
        let events_settled = match session {
            // Asked of the broker only when the answer matters. It does not count what it has handed out; that is
            // asked afterwards, so that nothing slips from the one to the other unseen.
            Some(session) if deadline_is_due(job, now) => {
                session.ready(CONSUMER_QUEUE).await? == Some(0)
                    && self.hands.events_in_hand.load(Ordering::Relaxed) == 0
            }
            _ => false,
        };
        let is_its_turn = holds(&self.admitted);
        let is_asked_for = is_its_turn || job.status.reason == Some(Reason::WaitingForGlossary);
        let glossary = if session.is_some() && job.status.phase == Phase::Pending && is_asked_for && !job.spec.suspend {
            snapshot(self.hands.cluster.as_ref(), &self.files, job).await?
        } else {
            Glossary::NotNeeded
        };
        Ok(Facts {
            is_its_turn,
            glossary,
            has_broker: session.is_some(),
            events_settled,
            task_may_be_lost: holds(&self.doubtful),
        })
    }
}
