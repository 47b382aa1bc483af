//! Dead letters: a task the broker gave up on comes in, the job's failure goes out. Everything else there is for
//! people, who read `subtitle.dead`.

use futures::StreamExt as _;
use jiff::Timestamp;
use lapin::options::BasicAckOptions;
use subtitle_broker::{BrokerError, Publish as _};
use subtitle_contract::{
    event::{Event, EventType, source},
    payload::Failed,
    reason::Reason,
    topology::DEAD_EVENTS_QUEUE,
};

use crate::act::queues::Publisher;

/// What a dead message means for its job; none where it is no task.
pub fn failure(event: &Event, now: Timestamp) -> Option<Event> {
    if !matches!(event.event_type, EventType::DownloadRequested | EventType::TranslateRequested) {
        return None;
    }
    let payload = Failed {
        error_message: format!("the broker gave up on '{}': its workers broke too often", event.event_type.as_str()),
        reason: Reason::DeliveryLimitExceeded,
        retryable: true,
        not_before: None,
        candidates: vec![],
    };
    Some(Event::new(&event.subject()?, source::CONSUMER, now, &payload))
}

/// Runs until the first error.
pub async fn run(publisher: &Publisher) -> BrokerError {
    let mut deliveries = match publisher.inner().consume(DEAD_EVENTS_QUEUE, 10).await {
        Ok(deliveries) => deliveries,
        Err(error) => return error,
    };
    loop {
        let delivery = match deliveries.next().await {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return error.into(),
            None => return BrokerError::Cancelled,
        };
        let failed = Event::decode(&delivery.data).ok().and_then(|event| failure(&event, Timestamp::now()));
        if let Some(failed) = failed
            && let Err(error) = publisher.publish(&failed).await
        {
            return error;
        }
        if let Err(error) = delivery.ack(BasicAckOptions::default()).await {
            return error.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use subtitle_contract::payload::{DownloadStarted, Subject};

    use super::*;

    #[test]
    fn only_a_task_becomes_a_failure_and_always_the_same_one() {
        let subject = Subject { job_id: "u".into(), namespace: "n".into(), name: "a".into(), attempt: 2 };
        let mut task = Event::new(
            &subject,
            source::MANAGER,
            Timestamp::UNIX_EPOCH,
            &DownloadStarted { worker: "w".into(), warnings: vec![] },
        );
        assert_eq!(failure(&task, Timestamp::UNIX_EPOCH), None);
        task.event_type = EventType::DownloadRequested;
        let failed = failure(&task, Timestamp::UNIX_EPOCH).expect("a failure");
        assert_eq!((failed.attempt, failed.event_type.clone()), (Some(2), EventType::Failed));
        let later = Timestamp::from_second(9).expect("a time");
        assert_eq!(failure(&task, later).expect("a failure").identity(), failed.identity());
    }
}
