//! A broker that is killed right after it created a quorum queue may restart with a queue that is registered but has no process.
//! Does I/O.

use std::time::Duration;

use jiff::Timestamp;
use subtitle_broker::{Address, AmqpSession, BrokerError, PublishWriter as _, QueueWriter as _, Session as _};
use subtitle_contract::{
    event::{Event, source},
    payload::{DownloadStarted, Subject},
    topology::{DOWNLOAD_QUEUE, EVENTS_EXCHANGE},
};
use subtitle_tests::{process::free_port, servers::rabbitmq::Broker, temporary_folder};

/// The fault is a race; give up after this many kills.
const MAX_KILLS: usize = 30;

fn task() -> Event {
    let text = |text: &str| text.to_owned();
    let subject = Subject { job_id: text("u"), namespace: text("n"), name: text("a"), attempt: 1 };
    // The broker does not read the payload.
    let mut task = Event::new(
        &subject,
        source::MANAGER,
        Timestamp::UNIX_EPOCH,
        &DownloadStarted { worker: text("w"), warnings: vec![] },
    );
    task.event_type = subtitle_contract::event::EventType::DownloadRequested;
    task
}

async fn open(address: &Address) -> AmqpSession {
    let mut last_error = None;
    for _ in 0..600 {
        match AmqpSession::open_and_declare(address, "test").await {
            Ok((session, _)) => return session,
            Err(error) => last_error = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("no session within 2 minutes after the broker started: {last_error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_without_a_process_is_detected_and_recreated() {
    let folder = temporary_folder("lost-queues").expect("a temporary folder is created");
    let mut broker = Broker::start(&folder, free_port().expect("a port is free")).expect("RabbitMQ starts");
    let address = Address::url(&broker.url);
    let session = open(&address).await;
    broker.flush_metadata().expect("the queues are on disk");
    let healthy = session.unresponsive_queues().await.expect("the broker responds");
    assert!(healthy.is_empty(), "{healthy:?} of a healthy broker do not respond");
    session.close().await;

    let mut lost = Vec::new();
    for _ in 0..MAX_KILLS {
        broker.rabbitmqctl(&["delete_queue", DOWNLOAD_QUEUE]).expect("rabbitmqctl deletes the queue");
        let session = open(&address).await;
        broker.server.kill(); // without `flush_metadata`, which would hide the fault
        drop(session);
        broker.server.restart().expect("RabbitMQ restarts");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let session = open(&address).await;
        lost = session.unresponsive_queues().await.expect("the broker responds");
        session.close().await;
        if !lost.is_empty() {
            break;
        }
    }
    assert!(!lost.is_empty(), "no queue was lost after {MAX_KILLS} kills");
    assert_eq!(lost, [DOWNLOAD_QUEUE], "queues other than the new one were lost");

    let session = open(&address).await.with_request_timeout(Duration::from_secs(3));
    let refused = session.publish(&task()).await;
    assert!(matches!(refused, Err(BrokerError::Timeout { .. } | BrokerError::PublishFailed { .. })), "{refused:?}");
    // The broker may return an error although it has deleted the queue.
    let recreated = open(&address).await.recreate(DOWNLOAD_QUEUE).await;
    println!("recreated: {recreated:?}");
    let session = open(&address).await;
    assert_eq!(session.unresponsive_queues().await.expect("the broker responds"), [""; 0]);
    session.publish(&task()).await.expect("the broker confirms the task");
    let stats = session.queue_stats(DOWNLOAD_QUEUE).await.expect("the broker responds").expect("the queue exists");
    assert_eq!(stats.ready, 1, "the queue is not bound to {EVENTS_EXCHANGE}");
    session.close().await;
    drop(broker);
    let _ = std::fs::remove_dir_all(&folder);
}
