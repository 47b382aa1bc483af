//! The consumer loop: every event, once, in order: observe, decide, act (status, then Redis), acknowledge.

use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;
use lapin::{message::Delivery, options::BasicAckOptions};
use subtitle_broker::{BrokerError, Publish as _, Session};
use subtitle_core::{event::Event, reason::Reason, topology::CONSUMER_QUEUE};

use crate::{
    act::{
        redis::Ledger,
        status::{ClusterError, Jobs},
    },
    decide::{fold::fold, plan::Effect},
    observe::ObservedJob,
};

/// Deliveries in hand; they are handled one after the other.
const PREFETCH: u16 = 100;

/// Why the loop ends; the next session begins with what was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The API server: events wait on the broker meanwhile.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// Consumes until the first error.
pub async fn run(session: Arc<Session>, jobs: Arc<Jobs>, ledger: Ledger) -> ConsumeError {
    let mut deliveries = match session.consume(CONSUMER_QUEUE, PREFETCH).await {
        Ok(deliveries) => deliveries,
        Err(error) => return error.into(),
    };
    loop {
        let delivery = match deliveries.next().await {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return BrokerError::from(error).into(),
            None => return BrokerError::Cancelled.into(),
        };
        if let Err(error) = handle(&session, &jobs, &ledger, &delivery).await {
            return error;
        }
        if let Err(error) = delivery.ack(BasicAckOptions::default()).await {
            return BrokerError::from(error).into();
        }
    }
}

async fn handle(session: &Session, jobs: &Jobs, ledger: &Ledger, delivery: &Delivery) -> Result<(), ConsumeError> {
    let key = delivery.routing_key.as_str();
    let event = match Event::decode(&delivery.data) {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(%error, key, "a message that is no event goes to the dead letters");
            let message = error.to_string();
            return Ok(session.dead_letter(key, &delivery.data, Reason::MalformedMessage, &message).await?);
        }
    };
    let place = event.namespace.as_deref().zip(event.name.as_deref());
    let mut found = jobs.find(&event.job_id, place).await?;
    while let Some(mut job) = found {
        let Some(observed) = ObservedJob::of(&job) else { break };
        let mut conflicted = false;
        for effect in fold(&observed, &event, Timestamp::now()).effects {
            match effect {
                Effect::WriteStatus(status) => match jobs.write(&job, &status).await {
                    Ok(written) => job = written,
                    Err(ClusterError::Conflict) => {
                        conflicted = true;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                },
                Effect::Project => {
                    if let Err(error) = ledger.project(&job).await {
                        tracing::warn!(%error, job = observed.name, "the record in Redis lags behind");
                    }
                }
                Effect::DeadLetter(reason, message) => {
                    session.dead_letter(key, &delivery.data, reason, &message).await?;
                }
                Effect::Publish(event) => session.publish(&event).await?,
                Effect::Delete => {}
            }
        }
        if !conflicted {
            break;
        }
        found = jobs.read(&observed.uid, &observed.namespace, &observed.name).await?;
    }
    Ok(())
}
