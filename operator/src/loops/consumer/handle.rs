//! Handles a batch of messages of one job, in their order: observe, decide, act. When it returns they may be acknowledged.
//! Called by the consumer loop. Does I/O.

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    reason::Reason,
};

use crate::{
    act::{ActError, ApplyContext, ErrorClass, Ports, ports::ClusterReader as _},
    decide::{
        fold::fold,
        plan::{DeadLetter, Effect, Folded},
        rejected::shortened,
    },
    loops::operator::Operator,
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

/// What to do after an attempt to handle a batch.
enum Next {
    /// Nothing: the batch is handled.
    Acknowledge,
    /// The object has changed since it was read.
    ReadAgain,
    /// The object does not exist.
    CloseRecord,
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
            Ok(event) => {
                operator.metrics().consumed(event);
                batch.messages.push(message);
                batch.events.push(event.clone());
            }
            Err(error) => malformed.push(dead_letter(message, Reason::MalformedMessage, error.to_string())),
        }
    }
    batch.apply(None, malformed).await?;
    match batch.events.first() {
        Some(first) => match batch.handle_events(&first.job_id).await {
            // Nothing can be decided now. The dead letters can be replayed after an upgrade or once the object has changed.
            Err(error) if error.class() == ErrorClass::Undecodable => batch.reject(&error.to_string()).await,
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
        let located = self.events.iter().find_map(|event| event.namespace.as_deref().zip(event.name.as_deref()));
        let mut found = cluster.find(uid, located).await?;
        let mut is_from_cache = true;
        while let Some(object) = found
            && let Some(job) = JobSnapshot::from_object(&object)
        {
            match self.attempt(object, &job, is_from_cache).await? {
                Next::Acknowledge => return Ok(()),
                Next::ReadAgain => found = cluster.read(&job.uid, &job.namespace, &job.name).await?,
                Next::CloseRecord => break,
            }
            is_from_cache = false;
        }
        if self.events.iter().any(|event| event.event_type == EventType::Cancelled) {
            self.apply(None, vec![Effect::CloseRecord { uid: uid.to_owned() }]).await?;
        }
        Ok(())
    }

    async fn attempt(&self, object: SubtitleJob, job: &JobSnapshot, is_from_cache: bool) -> Result<Next, ActError> {
        let Folded { plan, rejected } = fold(job, &self.events, self.now);
        // An attempt that is not in the cache may have been started by another leader.
        if is_from_cache && rejected.iter().any(|rejected| rejected.reason == Reason::ImpossibleEvent) {
            return Ok(Next::ReadAgain);
        }
        let Err(error) = self.apply_or_shorten(object, job, plan.effects).await else {
            let letters = rejected
                .into_iter()
                .map(|rejected| dead_letter(self.messages[rejected.index], rejected.reason, rejected.message));
            self.apply(None, letters.collect()).await?;
            return Ok(Next::Acknowledge);
        };
        match error.class() {
            ErrorClass::Conflict => Ok(Next::ReadAgain),
            ErrorClass::Gone => Ok(Next::CloseRecord),
            ErrorClass::Rejected => {
                self.reject(error.rejection().unwrap_or_default()).await?;
                Ok(Next::Acknowledge)
            }
            ErrorClass::Undecodable | ErrorClass::Broker | ErrorClass::Transient | ErrorClass::Invalid => Err(error),
        }
    }

    /// Dead-letters the whole batch.
    async fn reject(&self, detail: &str) -> Result<(), ActError> {
        let letter = |message: &&Message| dead_letter(message, Reason::StatusRejected, detail.to_owned());
        self.apply(None, self.messages.iter().map(letter).collect()).await
    }

    /// Retries a status that the API server rejects once, in its shortened form.
    async fn apply_or_shorten(
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
        let caused_at = self.events.iter().map(|event| event.timestamp).min();
        let context = ApplyContext { job, session: Some(self.session), caused_at, now: self.now };
        self.operator.executor().apply(effects, context).await.map(drop)
    }
}
