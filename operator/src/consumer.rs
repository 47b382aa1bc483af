//! The consumer loop: every event, once, each job's in order: observe, decide, act (status, then Redis), acknowledge.
//!
//! ```text
//!   deliveries ──▶ lanes (by job) ──▶ fold a batch ──▶ one write ──▶ Redis ──▶ dead letters ──▶ ack
//! ```

use std::sync::{Arc, atomic::Ordering};

use futures::{StreamExt as _, stream::FuturesUnordered};
use jiff::Timestamp;
use lapin::{message::Delivery, options::BasicAckOptions};
use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::{
    event::{Event, EventType, Malformed},
    reason::Reason,
    topology::CONSUMER_QUEUE,
};

use crate::{
    act::{
        ActError, Hands,
        cluster::{Cluster, ClusterError},
        ledger::Ledger,
        queues::Publisher,
    },
    decide::{
        fold::fold,
        plan::{Effect, Folded, Plan},
        rejected::shortened,
    },
    lanes::Lanes,
    observe::ObservedJob,
};

/// Deliveries in hand.
const PREFETCH: u16 = 200;
/// Jobs whose events are folded at once.
const JOBS_AT_ONCE: usize = 32;
/// Events of one job that share a write of its status.
pub const LONGEST_BATCH: usize = 16;

/// One message of the consumer queue.
pub struct Incoming {
    /// Where it was published to.
    pub routing_key: String,
    /// Its bytes.
    pub body: Vec<u8>,
    /// What they say.
    pub event: Result<Event, Malformed>,
}

impl Incoming {
    /// Reads a message.
    pub fn read(routing_key: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { routing_key: routing_key.to_owned(), event: Event::decode(&body), body }
    }

    /// The lane it belongs in: its job's, or that of everything that belongs to none.
    pub fn lane(&self) -> &str {
        self.event.as_ref().map_or("", |event| event.job_id.as_str())
    }
}

/// Handles one job's messages in their order; once it returns they may be acknowledged.
pub async fn handle<C: Cluster, L: Ledger, P: Publish>(
    hands: &Hands<C, L>,
    publisher: &P,
    batch: &[Incoming],
    now: Timestamp,
) -> Result<(), ActError> {
    let mut events = Vec::with_capacity(batch.len());
    for message in batch {
        match &message.event {
            Ok(event) => {
                hands.metrics.consumed(event);
                events.push((event.clone(), message));
            }
            Err(error) => dead_letter(publisher, message, Reason::MalformedMessage, &error.to_string()).await?,
        }
    }
    let (events, messages): (Vec<Event>, Vec<&Incoming>) = events.into_iter().unzip();
    let Some(first) = events.first() else { return Ok(()) };
    let oldest = events.iter().map(|event| event.timestamp).min();
    let _held = hands.exclusive.hold(&first.job_id).await;
    let place = events.iter().find_map(|event| event.namespace.as_deref().zip(event.name.as_deref()));
    let (mut found, mut may_be_old) = (hands.cluster.find(&first.job_id, place).await?, true);
    while let Some(job) = found {
        let Some(observed) = ObservedJob::of(&job) else { break };
        let Folded { plan, dead } = fold(&observed, &events, now);
        // Of an attempt that this copy knows nothing of: another leader, now or before, may have begun it.
        if std::mem::take(&mut may_be_old) && dead.iter().any(|letter| letter.reason == Reason::ImpossibleEvent) {
            found = hands.cluster.read(&observed.uid, &observed.namespace, &observed.name).await?;
            continue;
        }
        let outcome = match hands.carry_out(job.clone(), plan, Some(publisher), oldest, now).await {
            Err(ActError::Cluster(ClusterError::Rejected(_))) => {
                let plan = with_short_texts(fold(&observed, &events, now).plan);
                hands.carry_out(job, plan, Some(publisher), oldest, now).await
            }
            outcome => outcome,
        };
        match outcome {
            Ok(_) => {
                for letter in dead {
                    dead_letter(publisher, messages[letter.index], letter.reason, &letter.message).await?;
                }
                return Ok(());
            }
            Err(ActError::Cluster(ClusterError::Conflict)) => {
                found = hands.cluster.read(&observed.uid, &observed.namespace, &observed.name).await?;
            }
            Err(ActError::Cluster(ClusterError::Gone)) => break,
            Err(ActError::Cluster(ClusterError::Rejected(message))) => {
                for rejected in messages {
                    dead_letter(publisher, rejected, Reason::StatusRejected, &message).await?;
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    if events.iter().any(|event| event.event_type == EventType::Cancelled)
        && let Err(error) = hands.ledger.close(&events[0].job_id).await
    {
        tracing::warn!(%error, uid = events[0].job_id, "the record of a deleted job is closed later");
    }
    Ok(())
}

fn with_short_texts(plan: Plan) -> Plan {
    let shorter = |effect| match effect {
        Effect::WriteStatus(status) => Effect::WriteStatus(Box::new(shortened(*status))),
        other => other,
    };
    Plan { effects: plan.effects.into_iter().map(shorter).collect(), ..plan }
}

async fn dead_letter<P: Publish>(
    publisher: &P,
    message: &Incoming,
    reason: Reason,
    detail: &str,
) -> Result<(), ActError> {
    let key = message.routing_key.as_str();
    tracing::warn!(key, %reason, detail, "a message goes to the dead letters");
    Ok(publisher.dead_letter(key, &message.body, reason, detail).await?)
}

/// Consumes until the first error, or until `leave`; then the batches being worked on are finished. What was not
/// acknowledged is handed out again.
pub async fn run<C: Cluster, L: Ledger>(
    publisher: &Publisher,
    hands: &Arc<Hands<C, L>>,
    leave: impl Future<Output = ()>,
) -> Result<(), ActError> {
    let mut deliveries = publisher.inner().consume(CONSUMER_QUEUE, PREFETCH).await?;
    let mut lanes: Lanes<(Incoming, Delivery)> = Lanes::new(LONGEST_BATCH);
    let mut at_work = FuturesUnordered::new();
    // What an earlier session had in hand is handed out again.
    hands.events_in_hand.store(0, Ordering::Relaxed);
    let (mut leave, mut is_leaving) = (std::pin::pin!(leave), false);
    loop {
        while !is_leaving
            && at_work.len() < JOBS_AT_ONCE
            && let Some((lane, batch)) = lanes.take()
        {
            at_work.push(work_off(publisher, hands, lane, batch));
        }
        if is_leaving && at_work.is_empty() {
            return Ok(());
        }
        tokio::select! {
            delivery = deliveries.next(), if !is_leaving => {
                let mut delivery = delivery.ok_or(BrokerError::Cancelled)?.map_err(BrokerError::from)?;
                let body = std::mem::take(&mut delivery.data);
                let incoming = Incoming::read(delivery.routing_key.as_str(), body);
                let lane = incoming.lane().to_owned();
                if delivery.redelivered {
                    hands.metrics.events_redelivered.increment([]);
                }
                hands.events_in_hand.fetch_add(1, Ordering::Relaxed);
                lanes.push(lane, (incoming, delivery));
            }
            Some(done) = at_work.next() => lanes.done(&done?),
            () = &mut leave, if !is_leaving => is_leaving = true,
        }
    }
}

async fn work_off<C: Cluster, L: Ledger>(
    publisher: &Publisher,
    hands: &Hands<C, L>,
    lane: String,
    batch: Vec<(Incoming, Delivery)>,
) -> Result<String, ActError> {
    let (messages, deliveries): (Vec<Incoming>, Vec<Delivery>) = batch.into_iter().unzip();
    handle(hands, publisher, &messages, Timestamp::now()).await?;
    for delivery in deliveries {
        delivery.ack(BasicAckOptions::default()).await.map_err(BrokerError::from)?;
        hands.events_in_hand.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(lane)
}
