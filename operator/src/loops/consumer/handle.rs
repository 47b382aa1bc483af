//! Handles a batch of messages of one job, in their order: observe, decide, act. When it returns they may be acknowledged.
//! Called by the consumer loop. Does I/O.

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    payload::Failed,
    reason::Reason,
};
use subtitle_telemetry::chain;

use crate::{
    act::{ActError, ApplyContext, ErrorClass, Ports, ports::ClusterReader as _},
    decide::{
        deletion::started_after_deletion,
        fold::fold,
        plan::{DeadLetter, Effect, Folded},
        rejected::shortened,
    },
    loops::{operator::Operator, policy},
    metrics::Cause,
    observe::{job::JobSnapshot, message::Message},
};

/// The decoded messages of a batch, and the session that delivered them.
struct Batch<'a, P: Ports> {
    operator: &'a Operator<P>,
    session: &'a P::Session,
    messages: Vec<&'a Message>,
    /// One entry per message.
    events: Vec<Event>,
    now: Timestamp,
}

/// What the caller must do after applying a batch to an object.
enum BatchOutcome {
    /// Acknowledge the batch: it is handled.
    Handled,
    /// Read the object and try again: it has changed since it was read.
    Stale,
    /// Give up on the object: it no longer exists.
    Gone,
}

/// Handles one job's messages.
pub async fn handle<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    messages: &[Message],
) -> Result<(), ActError> {
    let now = operator.now();
    let mut batch = Batch { operator, session, messages: Vec::new(), events: Vec::new(), now };
    let mut malformed = Vec::new();
    for message in messages {
        match &message.event {
            Ok(event) if event.event_type.is_of_policy() => {
                operator.received(event);
                policy::handle(operator, event).await?;
            }
            Ok(event) => {
                operator.received(event);
                batch.messages.push(message);
                batch.events.push(event.clone());
            }
            // The worker that takes a malformed task dead-letters it; a second dead letter would be replayed as a second task.
            Err(error) if message.is_task() => {
                let (routing_key, error) = (&message.routing_key, chain(error));
                tracing::warn!(routing_key, %error, "a task cannot be decoded: its worker will dead-letter it");
            }
            Err(error) => malformed.push(dead_letter(message, Reason::MalformedMessage, chain(error).to_string())),
        }
    }
    batch.apply(None, malformed).await?;
    match batch.events.first() {
        Some(first) => match batch.handle_events(&first.job_id).await {
            // Nothing can be decided now. The dead letters can be replayed after an upgrade or once the object has changed.
            Err(error) if error.class() == ErrorClass::Undecodable => {
                batch.dead_letter_all(Reason::UndecodableObject, &chain(&error).to_string()).await
            }
            handled => handled,
        },
        None => Ok(()),
    }
}

fn dead_letter(message: &Message, reason: Reason, detail: String) -> Effect {
    let (routing_key, body) = (message.routing_key.clone(), message.body.clone());
    Effect::DeadLetter(Box::new(DeadLetter { routing_key, body, reason, message: detail }))
}

impl<P: Ports> Batch<'_, P> {
    async fn handle_events(&self, uid: &str) -> Result<(), ActError> {
        let (executor, cluster) = (self.operator.executor(), self.operator.executor().cluster());
        let _guard = executor.lock(uid).await;
        let object_ref = self.events.iter().find_map(|event| event.namespace.as_deref().zip(event.name.as_deref()));
        let mut found = cluster.find(uid, object_ref).await?;
        let mut may_be_stale = true;
        while let Some(object) = found
            && let Some(job) = JobSnapshot::from_object(&object)
        {
            match self.try_apply(object, &job, may_be_stale).await? {
                BatchOutcome::Handled => return Ok(()),
                BatchOutcome::Stale => found = cluster.read(&job.uid, &job.namespace, &job.name).await?,
                BatchOutcome::Gone => break,
            }
            may_be_stale = false;
        }
        if self.events.iter().any(|event| event.event_type == EventType::Cancelled) {
            return self.apply(None, vec![Effect::CloseRecord { uid: uid.to_owned() }]).await;
        }
        let cancelled = self.events.iter().find_map(|event| started_after_deletion(event, self.now));
        self.apply(None, cancelled.map(|event| Effect::Publish(Box::new(event))).into_iter().collect()).await
    }

    async fn try_apply(
        &self,
        object: SubtitleJob,
        job: &JobSnapshot,
        may_be_stale: bool,
    ) -> Result<BatchOutcome, ActError> {
        let Folded { plan, rejected } = fold(job, &self.events, self.now);
        // The event may belong to an attempt that another leader started and our cache has not seen yet.
        if may_be_stale && rejected.iter().any(|rejected| rejected.reason == Reason::ImpossibleEvent) {
            return Ok(BatchOutcome::Stale);
        }
        let Err(error) = self.apply_with_shortened_fallback(object, job, plan.effects).await else {
            let dead_letters = rejected
                .into_iter()
                .map(|rejected| dead_letter(self.messages[rejected.index], rejected.reason, rejected.message));
            self.apply(None, dead_letters.collect()).await?;
            return Ok(BatchOutcome::Handled);
        };
        match error.class() {
            ErrorClass::Conflict => Ok(BatchOutcome::Stale),
            ErrorClass::Gone => Ok(BatchOutcome::Gone),
            ErrorClass::Rejected => {
                self.dead_letter_all(Reason::StatusRejected, error.rejection().unwrap_or_default()).await?;
                Ok(BatchOutcome::Handled)
            }
            ErrorClass::Undecodable | ErrorClass::Broker | ErrorClass::Transient | ErrorClass::Invalid => Err(error),
        }
    }

    /// Dead-letters the whole batch.
    async fn dead_letter_all(&self, reason: Reason, detail: &str) -> Result<(), ActError> {
        let letter = |message: &&Message| dead_letter(message, reason, detail.to_owned());
        self.apply(None, self.messages.iter().map(letter).collect()).await
    }

    /// Applies the effects; if the API server rejects the status, tries once more with a shortened one.
    async fn apply_with_shortened_fallback(
        &self,
        object: SubtitleJob,
        job: &JobSnapshot,
        effects: Vec<Effect>,
    ) -> Result<(), ActError> {
        match self.apply(Some(object.clone()), effects).await {
            Err(error) if error.class() == ErrorClass::Rejected => {
                let shorter = |effect| match effect {
                    Effect::WriteStatus(status) => Effect::WriteStatus(Box::new(shortened(*status))),
                    other => other,
                };
                let effects = fold(job, &self.events, self.now).plan.effects;
                self.apply(Some(object), effects.into_iter().map(shorter).collect()).await
            }
            outcome => outcome,
        }
    }

    async fn apply(&self, job: Option<SubtitleJob>, effects: Vec<Effect>) -> Result<(), ActError> {
        let oldest = self.events.iter().map(|event| event.timestamp).min();
        let mut failures = self.events.iter().rev().filter(|event| event.event_type == EventType::Failed);
        let failure = failures.find_map(|event| event.read::<Failed>().ok()?.reason.known());
        let cause = oldest.map(|at| Cause { at, failure });
        let context = ApplyContext { job, session: Some(self.session), cause, now: self.now };
        self.operator.executor().apply(effects, context).await.map(drop)
    }
}
