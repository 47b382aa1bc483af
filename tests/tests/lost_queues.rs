//! A broker that is killed right after it created a quorum queue restarts with a queue that is registered but has no process. Does
//! I/O.

use std::{thread, time::Duration};

use jiff::Timestamp;
use subtitle_broker::{Address, AmqpSession, BrokerError, PublishWriter as _, QueueWriter as _, Session as _};
use subtitle_contract::{
    event::{Event, source},
    payload::{DownloadStarted, Subject},
    topology::{DOWNLOAD_QUEUE, EVENTS_EXCHANGE},
};
use subtitle_tests::{process::free_port, servers::rabbitmq::Broker, temporary_folder};

/// Maximum number of kills.
const MAX_KILLS: usize = 30;

fn task() -> Event {
    let text = |text: &str| text.to_owned();
    let subject = Subject { job_id: text("u"), namespace: text("n"), name: text("a"), attempt: 1 };
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
    for _ in 0..600 {
        match AmqpSession::open_and_declare(address, "test").await {
            Ok((session, _)) => return session,
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    panic!("no session within 2 minutes after the broker restarted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_without_a_process_is_detected_and_recreated() {
    let folder = temporary_folder("lost-queues").expect("a folder");
    let mut broker = Broker::start(&folder, free_port().expect("a port")).expect("it starts");
    let address = Address::url(&broker.url);
    let session = open(&address).await;
    broker.settle().expect("the queues are on disk");
    let healthy = session.unresponsive_queues().await.expect("the broker responds");
    assert!(healthy.is_empty(), "{healthy:?} of a healthy broker do not respond");
    session.close().await;

    let mut lost = Vec::new();
    for _ in 0..MAX_KILLS {
        broker.rabbitmqctl(&["delete_queue", DOWNLOAD_QUEUE]).expect("deleted");
        let session = open(&address).await;
        broker.server.kill(); // without `settle`, which would hide the fault
        drop(session);
        broker.server.restart().expect("restarts");
        thread::sleep(Duration::from_secs(1));
        let session = open(&address).await;
        lost = session.unresponsive_queues().await.expect("the broker responds");
        session.close().await;
        if !lost.is_empty() {
            break;
        }
    }
    assert_eq!(lost, [DOWNLOAD_QUEUE], "not only the new queue is lost");

    let session = open(&address).await.with_request_timeout(Duration::from_secs(3));
    let refused = session.publish(&task()).await;
    assert!(matches!(refused, Err(BrokerError::Timeout { .. } | BrokerError::PublishFailed { .. })), "{refused:?}");
    // The broker may return an error although it has deleted the queue.
    let deleted = open(&address).await.recreate(DOWNLOAD_QUEUE).await;
    println!("recreated: {deleted:?}");
    let session = open(&address).await;
    assert_eq!(session.unresponsive_queues().await.expect("answers"), [""; 0]);
    session.publish(&task()).await.expect("confirmed");
    let stats = session.queue_stats(DOWNLOAD_QUEUE).await.expect("answers").expect("it is there");
    assert_eq!(stats.ready, 1, "the queue is not bound to {EVENTS_EXCHANGE}");
    session.close().await;
    drop(broker);
    let _ = std::fs::remove_dir_all(&folder);
}
