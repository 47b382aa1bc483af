//! The broker session on a real RabbitMQ: its guarantees when the broker refuses, blocks, or loses queues. Does I/O.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use futures::future::join_all;
use lapin::{
    Connection, ConnectionProperties,
    options::{QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};
use subtitle_broker::{
    Address, AmqpConnector, AmqpSession, BrokerError, Connector as _, Deliveries as _, PublishFailure, PublishMetrics,
    PublishWriter, QueueStats, Receipt as _, Session as _,
};
use subtitle_clock::{Clock, SystemRuntime};
use subtitle_contract::{
    event::{Event, EventType, source},
    payload::{Cancelled, DownloadRequested, DownloadStarted, Subject, TranslateProgress},
    reason::Reason,
    topology::{CONSUMER_QUEUE, DOWNLOAD_QUEUE, QUEUES, TRANSLATE_QUEUE},
};
use subtitle_store::sha256;
use subtitle_telemetry::{Registry, chain};
use subtitle_tests::{process::free_port, servers::rabbitmq::Broker, temporary_folder};
use subtitle_workers::{
    metrics::WorkerMetrics,
    store::Store,
    task::{StopReason, StopSignal as _, TaskReporter, Work, Worker, WorkerIdentity, WorkerSettings, WorkerState},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Far longer than any step takes: a test that waits this long has failed.
const LONG: Duration = Duration::from_secs(30);

fn event(done: u32) -> Event {
    let subject = Subject { job_id: "u".into(), namespace: "n".into(), name: "a".into(), attempt: 1 };
    let now = "2026-11-01T00:00:00Z".parse().expect("a time");
    Event::new(&subject, source::TRANSLATOR, now, &TranslateProgress { done, total: 200 })
}

/// A plain channel, for operations that no session offers.
async fn bare(broker: &Broker) -> (Connection, lapin::Channel) {
    let connection = Connection::connect(&broker.url, ConnectionProperties::default()).await.expect("connects");
    let channel = connection.create_channel().await.expect("a channel");
    (connection, channel)
}

/// Polls until `holds` returns true; panics after `LONG`.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let polled = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, polled).await.unwrap_or_else(|_| panic!("never came: {what}"));
}

async fn created_queues_are_reported_once_and_again_after_a_loss(broker: &Broker) {
    let worker =
        AmqpSession::open(&Address::url(&broker.url), "worker").await.expect("a worker connects without queues");
    let Err(early) = worker.consume(DOWNLOAD_QUEUE, 1).await else { panic!("the queue is not declared") };
    assert!(matches!(&early, BrokerError::QueueNotFound { queue } if queue == DOWNLOAD_QUEUE), "{early}");
    assert_eq!(worker.queue_stats(DOWNLOAD_QUEUE).await.expect("asks"), None);

    let (first, created) =
        AmqpSession::open_and_declare(&Address::url(&broker.url), "operator").await.expect("declares");
    assert_eq!(created, QUEUES.map(|queue| queue.name));
    let (_second, created) =
        AmqpSession::open_and_declare(&Address::url(&broker.url), "operator").await.expect("declares");
    assert_eq!(created, [""; 0]);
    assert_eq!(first.queue_stats(DOWNLOAD_QUEUE).await.expect("asks"), Some(QueueStats { ready: 0, consumers: 0 }));

    let (_connection, channel) = bare(broker).await;
    channel.queue_delete(DOWNLOAD_QUEUE.into(), QueueDeleteOptions::default()).await.expect("deletes");
    let (_third, created) =
        AmqpSession::open_and_declare(&Address::url(&broker.url), "operator").await.expect("declares");
    assert_eq!(created, [DOWNLOAD_QUEUE]);
}

async fn a_queue_with_other_arguments_is_reported_with_a_remedy(broker: &Broker) {
    let (_connection, channel) = bare(broker).await;
    channel.queue_delete(TRANSLATE_QUEUE.into(), QueueDeleteOptions::default()).await.expect("deletes");
    let plain = channel.queue_declare(TRANSLATE_QUEUE.into(), QueueDeclareOptions::durable(), FieldTable::default());
    plain.await.expect("declares");
    let Err(error) = AmqpSession::open_and_declare(&Address::url(&broker.url), "operator").await else {
        panic!("the arguments differ")
    };
    let text = error.to_string();
    assert!(matches!(error, BrokerError::QueueArgumentsMismatch { queue: TRANSLATE_QUEUE, .. }), "{text}");
    for words in [TRANSLATE_QUEUE, "inequivalent arg", "rabbitmqctl delete_queue subtitle.tasks.translate"] {
        assert!(text.contains(words), "'{words}' is missing: {text}");
    }
    channel.queue_delete(TRANSLATE_QUEUE.into(), QueueDeleteOptions::default()).await.expect("deletes");
    let (_session, created) =
        AmqpSession::open_and_declare(&Address::url(&broker.url), "operator").await.expect("declares");
    assert_eq!(created, [TRANSLATE_QUEUE]);
}

fn stray(event: Event) -> Event {
    Event { event_type: EventType::Unknown("nobody.listens".to_owned()), ..event }
}

async fn only_unroutable_ones_of_many_concurrent_publishes_fail(broker: &Broker) {
    let mut registry = Registry::new("test", "1");
    let connector = AmqpConnector {
        address: Address::url(&broker.url),
        name: "publisher".to_owned(),
        metrics: PublishMetrics::register(&mut registry),
    };
    let session = connector.open().await.expect("connects");
    let is_stray = |at: u32| at.is_multiple_of(7);
    let publish = async |at| session.publish(&if is_stray(at) { stray(event(at)) } else { event(at) }).await;
    let outcomes = join_all((0..2000).map(publish)).await;
    for (at, outcome) in (0..).zip(outcomes) {
        match outcome {
            Ok(()) => assert!(!is_stray(at), "no queue is bound for {at}"),
            Err(BrokerError::PublishFailed { failure: PublishFailure::Unroutable, .. }) => {
                assert!(is_stray(at), "{at} has queues");
            }
            Err(error) => panic!("{at}: {error}"),
        }
    }
    let (declared, _) = connector.open_and_declare().await.expect("declares");
    declared.dead_letter("key", b"body", Reason::MalformedMessage, "no event").await.expect("confirmed");
    let text = registry.text();
    for line in [
        r#"subtitle_events_published_total{event_type="subtitle.translate.progress",outcome="confirmed"} 1714"#,
        r#"subtitle_events_published_total{event_type="unknown",outcome="unroutable"} 286"#,
        r#"subtitle_dead_letters_published_total{reason="MalformedMessage",outcome="confirmed"} 1"#,
        "subtitle_publish_seconds_count{} 2001",
    ] {
        assert!(text.lines().any(|counted| counted == line), "both ways to open a session count: {line}\n{text}");
    }
}

async fn each_of_200_concurrent_publishes_is_confirmed_and_delivered_once(broker: &Broker) {
    let session = AmqpSession::open(&Address::url(&broker.url), "publisher").await.expect("connects");
    let events: Vec<Event> = (10_000..10_200).map(event).collect();
    let abandoned = session.publish(&events[0]);
    drop(tokio::time::timeout(Duration::ZERO, abandoned).await); // its channel must not be used for the others
    for published in join_all(events.iter().map(|event| session.publish(event))).await {
        published.expect("confirmed");
    }
    let mut deliveries = session.consume(CONSUMER_QUEUE, 100).await.expect("subscribes");
    let (mut wanted, mut seen) = (events.iter().map(Event::identity).collect::<BTreeSet<_>>(), Vec::new());
    while !wanted.is_empty() {
        let delivery = tokio::time::timeout(LONG, deliveries.next()).await.expect("in time");
        let delivery = delivery.expect("a delivery");
        let id = Event::decode(&delivery.body).expect("an event").identity();
        delivery.receipt.ack().await.expect("acknowledged");
        wanted.remove(&id);
        seen.push(id);
    }
    let once = |event: &&Event| seen.iter().filter(|id| **id == event.identity()).count() == 1;
    assert_eq!(events.iter().skip(1).filter(once).count(), 199, "the abandoned one may be delivered twice");
}

async fn a_message_longer_than_any_event_arrives_as_a_reference_in_its_order(broker: &Broker) {
    let session = AmqpSession::open(&Address::url(&broker.url), "consumer").await.expect("connects");
    let mut deliveries = session.consume(CONSUMER_QUEUE, 100).await.expect("subscribes");
    let long = vec![b' '; 8_000_000];
    session.publish_to_queue(CONSUMER_QUEUE, &long).await.expect("confirmed");
    session.publish(&event(20_000)).await.expect("confirmed");
    let first = loop {
        let delivery = tokio::time::timeout(LONG, deliveries.next()).await.expect("in time").expect("a delivery");
        delivery.receipt.ack().await.expect("acknowledged");
        match Event::decode(&delivery.body) {
            Err(error) => break (delivery.body.len(), error.to_string()),
            Ok(earlier) => assert_ne!(earlier.identity(), event(20_000).identity(), "it was published afterwards"),
        }
    };
    let next = tokio::time::timeout(LONG, deliveries.next()).await.expect("in time").expect("a delivery");
    next.receipt.ack().await.expect("acknowledged");
    assert_eq!(Event::decode(&next.body).expect("an event").identity(), event(20_000).identity());
    assert!(first.0 < 1000 && first.1.contains("8000000 bytes") && first.1.contains(&sha256(&long)), "{first:?}");
}

async fn deleting_the_queue_ends_the_subscription_without_ending_the_session(broker: &Broker) {
    let session = AmqpSession::open(&Address::url(&broker.url), "consumer").await.expect("connects");
    let mut deliveries = session.consume(DOWNLOAD_QUEUE, 1).await.expect("subscribes");
    let (_connection, channel) = bare(broker).await;
    channel.queue_delete(DOWNLOAD_QUEUE.into(), QueueDeleteOptions::default()).await.expect("deletes");
    let ended = tokio::time::timeout(LONG, deliveries.next()).await.expect("in time");
    assert!(matches!(ended, Err(BrokerError::ConsumerCancelled)), "the queue is gone");
    session.publish(&event(0)).await.expect("the session itself still works");
    let (_session, created) =
        AmqpSession::open_and_declare(&Address::url(&broker.url), "operator").await.expect("declares");
    assert_eq!(created, [DOWNLOAD_QUEUE]);
}

async fn every_listener_receives_an_announcement_and_leaves_no_queue_behind(broker: &Broker) {
    let (one, other) = (
        AmqpSession::open(&Address::url(&broker.url), "one").await,
        AmqpSession::open(&Address::url(&broker.url), "other").await,
    );
    let (one, other) = (one.expect("connects"), other.expect("connects"));
    let mut heard = [
        one.consume_events(&[EventType::Cancelled, EventType::Stopped], 10).await.expect("listens"),
        other.consume_events(&[EventType::Cancelled, EventType::Stopped], 10).await.expect("listens"),
    ];
    let subject = event(0).subject().expect("a subject");
    let deleted = Cancelled { reason: Reason::Deleted.into() };
    let deleted = Event::new(&subject, source::MANAGER, event(0).timestamp, &deleted);
    one.publish(&deleted).await.expect("published");
    one.publish(&event(0)).await.expect("listeners do not receive another type");
    for deliveries in &mut heard {
        let delivery = tokio::time::timeout(LONG, deliveries.next()).await.expect("in time");
        let delivery = delivery.expect("a delivery");
        assert_eq!(Event::decode(&delivery.body).expect("an event").identity(), deleted.identity());
        delivery.receipt.ack().await.expect("acknowledged");
    }
    one.close().await;
    other.close().await;
    until("the queues are deleted with their sessions", async || {
        !broker.rabbitmqctl(&["list_queues", "name"]).expect("lists").contains("amq.gen")
    })
    .await;
}

async fn a_connection_closed_by_the_broker_ends_the_session(broker: &Broker) {
    let session = AmqpSession::open(&Address::url(&broker.url), "closed").await.expect("connects");
    session.publish(&event(0)).await.expect("it works");
    let closing = async { broker.rabbitmqctl(&["close_all_connections", "maintenance"]).expect("closes") };
    let (error, _) = tokio::time::timeout(LONG, async { tokio::join!(session.ended(), closing) }).await.expect("ends");
    assert!(matches!(&error, BrokerError::Protocol(_)) && chain(&error).to_string().contains("maintenance"), "{error}");
    session.publish(&event(0)).await.expect_err("the session has ended");
}

async fn under_a_memory_alarm_a_publish_ends_with_an_unknown_outcome(broker: &Broker) {
    let session = AmqpSession::open(&Address::url(&broker.url), "blocked").await.expect("connects");
    let session = session.with_request_timeout(Duration::from_millis(500));
    session.publish(&event(0)).await.expect("a broker blocks only publishers");
    assert!(!session.is_blocked());
    broker.rabbitmqctl(&["set_vm_memory_high_watermark", "0.000001"]).expect("sets the alarm");
    let late = async {
        loop {
            if let Err(error) = session.publish(&event(0)).await {
                return error;
            }
        }
    };
    let late = tokio::time::timeout(LONG, late).await.expect("the alarm comes");
    assert!(matches!(late, BrokerError::Timeout { action: "publish", .. }), "{late}");
    until("blocked", async || session.is_blocked()).await;
    let ended = tokio::time::timeout(LONG, session.ended()).await.expect("it has ended");
    assert!(matches!(ended, BrokerError::Timeout { .. }), "{ended}");
    let after = session.publish(&event(0)).await.expect_err("the session is over");
    assert!(matches!(after, BrokerError::Timeout { .. }), "{after}");
    session.close().await;
    broker.rabbitmqctl(&["set_vm_memory_high_watermark", "absolute", "1GB"]).expect("ends the alarm");
    let next = AmqpSession::open(&Address::url(&broker.url), "unblocked").await.expect("connects");
    next.publish(&event(0)).await.expect("the next session works");
}

/// Work whose first task hangs until a permit is added.
struct Probe {
    performed: AtomicU32,
    permits: Semaphore,
}

impl Work for Probe {
    type Task = DownloadRequested;
    const QUEUE: &'static str = DOWNLOAD_QUEUE;
    const SOURCE: &'static str = source::DOWNLOADER;

    fn claim(&self, subject: &Subject, _: &DownloadRequested) -> String {
        format!("claims/{}", subject.job_id)
    }

    async fn perform(
        &self,
        _: &Event,
        _: DownloadRequested,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(), StopReason> {
        if self.performed.fetch_add(1, SeqCst) == 0 {
            let _permit = self.permits.acquire().await;
        }
        reporter.check()?;
        reporter.publish(&DownloadStarted { worker: reporter.worker(), warnings: vec![] }).await
    }
}

fn task(job: &str) -> Event {
    let subject = Subject { job_id: job.to_owned(), namespace: "n".into(), name: job.to_owned(), attempt: 1 };
    let payload = DownloadRequested {
        video_url: String::new(),
        video_title: "A".into(),
        language: "es".into(),
        preferred_sources: vec![],
        spec: serde_json::from_value(serde_json::json!({"video": {"title": "A"}, "language": "es"})).expect("a spec"),
        glossary: None,
    };
    Event::new(&subject, source::MANAGER, event(0).timestamp, &payload)
}

async fn a_worker_survives_its_session_and_skips_tasks_of_deleted_jobs(broker: &Broker) {
    let session = AmqpSession::open(&Address::url(&broker.url), "test").await.expect("connects");
    let identity = WorkerIdentity { name: "worker".to_owned(), incarnation: "worker/1".to_owned() };
    let settings = WorkerSettings { concurrency: 4, identity, grace: Duration::from_secs(5) };
    let (registry, metrics) = WorkerMetrics::new("test");
    let connector = AmqpConnector {
        address: Address::url(&broker.url),
        name: "worker".to_owned(),
        metrics: metrics.publishing.clone(),
    };
    let (state, stop) = (WorkerState::new(metrics), CancellationToken::new());
    let probe = Arc::new(Probe { performed: AtomicU32::new(0), permits: Semaphore::new(0) });
    let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
    let runtime = SystemRuntime::default();
    let worker = Worker { work: probe.clone(), store, connector, runtime, settings, state: state.clone() };
    let worker = tokio::spawn(worker.run(stop.clone()));
    let counted = |series: &str| registry.text().lines().any(|line| line == series);
    until("ready", async || state.readiness().is_ok() && counted("subtitle_broker_connected{} 1")).await;

    session.publish(&task("a")).await.expect("confirmed");
    until("the task is in progress", async || probe.performed.load(SeqCst) == 1).await;
    let before = state.session.borrow().clone().expect("a session");
    broker.rabbitmqctl(&["close_all_connections", "maintenance"]).expect("closes");
    let is_another = |now: &Option<Arc<AmqpSession>>| now.as_ref().is_some_and(|now| !Arc::ptr_eq(now, &before));
    until("a new session", async || is_another(&state.session.borrow())).await;
    let session = AmqpSession::open(&Address::url(&broker.url), "test").await.expect("connects");
    probe.permits.add_permits(1);
    let done = format!("subtitle_tasks_finished_total{{queue=\"{DOWNLOAD_QUEUE}\",outcome=\"done\",reason=\"\"}} 1");
    until("redelivered and done", async || counted(&done)).await;
    let redelivered = format!("subtitle_tasks_redelivered_total{{queue=\"{DOWNLOAD_QUEUE}\"}} 1");
    assert!(counted(&redelivered), "the broker reports redeliveries:\n{}", registry.text());
    assert_eq!(probe.performed.load(SeqCst), 2, "the first run stopped when its session ended");

    let deleted = task("b").subject().expect("a subject");
    let deleted =
        Event::new(&deleted, source::MANAGER, event(0).timestamp, &Cancelled { reason: Reason::Deleted.into() });
    session.publish(&deleted).await.expect("confirmed");
    // Any number: more than one may have been delivered between two polls.
    let cancelled = format!("{{queue=\"{DOWNLOAD_QUEUE}\",outcome=\"cancelled\",reason=\"\"}} ");
    let cancelled = format!("subtitle_tasks_finished_total{cancelled}");
    until("a task of a deleted job is not done", async || {
        session.publish(&task("b")).await.expect("confirmed");
        registry.text().lines().any(|line| line.starts_with(&cancelled))
    })
    .await;

    stop.cancel();
    tokio::time::timeout(LONG, worker).await.expect("stops in time").expect("ends well");
    assert!(state.readiness().is_err() && counted("subtitle_broker_connected{} 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_its_guarantees_on_a_real_broker() {
    let folder = temporary_folder("session").expect("a temporary folder");
    let broker = Broker::start(&folder, free_port().expect("a port")).expect("RabbitMQ starts");
    created_queues_are_reported_once_and_again_after_a_loss(&broker).await;
    a_queue_with_other_arguments_is_reported_with_a_remedy(&broker).await;
    only_unroutable_ones_of_many_concurrent_publishes_fail(&broker).await;
    each_of_200_concurrent_publishes_is_confirmed_and_delivered_once(&broker).await;
    a_message_longer_than_any_event_arrives_as_a_reference_in_its_order(&broker).await;
    deleting_the_queue_ends_the_subscription_without_ending_the_session(&broker).await;
    every_listener_receives_an_announcement_and_leaves_no_queue_behind(&broker).await;
    a_connection_closed_by_the_broker_ends_the_session(&broker).await;
    a_worker_survives_its_session_and_skips_tasks_of_deleted_jobs(&broker).await;
    under_a_memory_alarm_a_publish_ends_with_an_unknown_outcome(&broker).await;
    drop(broker);
    let _ = fs::remove_dir_all(folder);
}
