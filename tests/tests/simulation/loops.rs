//! The loops of an operator, with simulated waits around production calls.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use subtitle_broker::{BrokerError, Publish as _};
use subtitle_contract::{
    event::{Event, EventType},
    record::Record,
    topology::{CONSUMER_QUEUE, DEAD_EVENTS_QUEUE, HISTORY_STREAM},
};
use subtitle_operator::{
    act::{
        ActError,
        cluster::{Cluster as _, ClusterError},
        ledger::{Ledger as _, LedgerError, Mark},
    },
    consumer::{Incoming, LONGEST_BATCH, handle},
    controller::waits_for_broker,
    dead,
    history::{HistoryError, Kept, is_same_stream, keep, place},
    lanes::Lanes,
    repair::{Unstarted, cancel_orphans},
};
use tokio::sync::mpsc;

use crate::{
    broker::Message,
    corners::Corner,
    executor::Scope,
    faults::Planted,
    operator::Operator,
    session::{Deliveries, Session},
};

/// An object nothing happens to is looked at again after this.
const RESYNC: SignedDuration = SignedDuration::from_secs(300);
/// Jobs whose events are folded at once.
const JOBS_AT_ONCE: usize = 4;
/// Deliveries in hand.
const PREFETCH: usize = 200;
/// How often all records are compared: in production more seldom, here as often as a seed's few minutes need.
const LOOK_AT_RECORDS: Duration = Duration::from_secs(60);

/// The controller: reconciles each object as it changes and as it falls due.
pub(crate) async fn control(operator: Arc<Operator>) {
    let sim = &operator.sim;
    let scope = Scope { process: operator.process, session: 0 };
    loop {
        match operator.queue.take(operator.now()) {
            Ok(uid) => sim.spawn(scope, reconcile(operator.clone(), uid)),
            Err(None) => operator.queue.changed.notified().await,
            Err(Some(due)) => tokio::select! {
                biased;
                () = operator.queue.changed.notified() => {}
                () = sim.sleep_until(operator.process, due) => {}
            },
        }
    }
}

async fn reconcile(operator: Arc<Operator>, uid: String) {
    if let Some(job) = operator.view.of(&uid) {
        let outcome = operator.reconciler.reconcile(&job, operator.now()).await;
        let now = operator.now();
        let again = match outcome {
            Ok(due) => Some(due.unwrap_or(now + RESYNC)),
            Err(ActError::Cluster(ClusterError::Rejected(_))) => None,
            Err(_) => Some(now + SignedDuration::from_secs(1)),
        };
        operator.changed.notify_one();
        if let Some(again) = again {
            operator.queue.add_uid(&uid, again);
        }
    }
    operator.queue.done(&uid);
}

/// Gives turns as they become free, and wakes what a new session or a doubt is about.
pub(crate) async fn wake(operator: Arc<Operator>) {
    let (sim, reconciler) = (&operator.sim, &operator.reconciler);
    let mut broker = reconciler.broker.clone();
    loop {
        let all = || reconciler.hands.cluster.all();
        tokio::select! {
            biased;
            Ok(()) = broker.changed() => {
                all().iter().filter(|job| waits_for_broker(job)).for_each(|job| operator.queue.add(job, operator.now()));
            }
            () = operator.doubts.notified() => {
                let doubtful = all().into_iter().filter(|job| reconciler.is_doubtful(job));
                doubtful.for_each(|job| operator.queue.add(&job, operator.now()));
            }
            () = operator.changed.notified() => {}
            () = sim.sleep(Duration::from_secs(5)) => {}
        }
        sim.sleep(Duration::from_millis(20)).await;
        reconciler.admit(operator.now()).iter().for_each(|job| operator.queue.add(job, operator.now()));
    }
}

/// The consumer loop.
pub(crate) async fn consume(operator: Arc<Operator>, session: Arc<Session>) -> ActError {
    let deliveries = match session.consume(CONSUMER_QUEUE, PREFETCH).await {
        Ok(deliveries) => deliveries,
        Err(error) => return error.into(),
    };
    let mut lanes = Lanes::new(LONGEST_BATCH);
    let (sender, mut done) = mpsc::unbounded_channel();
    let mut at_work = 0;
    let in_hand = &operator.reconciler.hands.events_in_hand;
    in_hand.store(0, Ordering::Relaxed);
    loop {
        while at_work < JOBS_AT_ONCE
            && let Some((lane, batch)) = lanes.take()
        {
            at_work += 1;
            let (operator, session) = (operator.clone(), session.clone());
            let (deliveries, sender) = (deliveries.clone(), sender.clone());
            operator.sim.clone().spawn(session.scope, async move {
                let _ = sender.send(work_off(&operator, &session, &deliveries, batch).await.map(|()| lane));
            });
        }
        tokio::select! {
            biased;
            Some(ended) = done.recv() => match ended {
                Ok(lane) => {
                    at_work -= 1;
                    lanes.done(&lane);
                }
                Err(error) => return error,
            },
            delivery = deliveries.next() => {
                let Some((tag, message)) = delivery else { return BrokerError::Cancelled.into() };
                let incoming = planted(&operator, Incoming::read(&message.key, &*message.body));
                let lane = incoming.lane().to_owned();
                in_hand.fetch_add(1, Ordering::Relaxed);
                lanes.push(lane, (incoming, tag));
            }
        }
    }
}

/// An event as it came, unless the fault in on purpose is that its attempt does not matter.
fn planted(operator: &Operator, mut incoming: Incoming) -> Incoming {
    if let Ok(event) = &mut incoming.event {
        operator.sim.with(|world| {
            if world.is_planted(Planted::NoAttemptCheck) {
                let status = world.api.of(&event.job_id).and_then(|job| job.status.as_ref());
                event.attempt = status.map(|status| status.attempt.max(1)).or(event.attempt);
            }
        });
    }
    incoming
}

async fn work_off(
    operator: &Operator,
    session: &Session,
    deliveries: &Deliveries,
    batch: Vec<(Incoming, u64)>,
) -> Result<(), ActError> {
    let (messages, tags): (Vec<Incoming>, Vec<u64>) = batch.into_iter().unzip();
    let too_early = operator.sim.with(|world| world.is_planted(Planted::AckBeforeEffect));
    if too_early {
        for tag in &tags {
            deliveries.ack(*tag).await?;
        }
    }
    handle(&operator.reconciler.hands, session, &messages, operator.now()).await?;
    if operator.sim.with(|world| world.is_planted(Planted::RecordFromEvent)) {
        messages.iter().filter_map(|message| message.event.as_ref().ok()).for_each(|event| shortcut(operator, event));
    }
    for tag in &tags {
        if !too_early {
            deliveries.ack(*tag).await?;
        }
        operator.reconciler.hands.events_in_hand.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The planted fault of an event that goes to the record past the status.
fn shortcut(operator: &Operator, event: &Event) {
    let status = match event.event_type {
        EventType::DownloadStarted => "DOWNLOAD_IN_PROGRESS",
        EventType::TranslateStarted => "TRANSLATE_IN_PROGRESS",
        EventType::Failed => "FAILED",
        _ => return,
    };
    operator.sim.with(|world| {
        if let Some(record) = world.redis.records.get(&event.job_id).cloned() {
            let record = Record { status: status.to_owned(), ..record };
            world.checks.projected(&world.api, &record);
            world.redis.records.insert(record.id.clone(), record);
        }
    });
}

/// The dead-letter loop.
pub(crate) async fn bury(operator: Arc<Operator>, session: Arc<Session>) -> BrokerError {
    let deliveries = match session.consume(DEAD_EVENTS_QUEUE, 10).await {
        Ok(deliveries) => deliveries,
        Err(error) => return error,
    };
    loop {
        let Some((tag, message)) = deliveries.next().await else { return BrokerError::Cancelled };
        let event = Event::decode(&message.body).ok();
        if let Some(failed) = event.and_then(|event| dead::failure(&event, operator.now()))
            && let Err(error) = session.publish(&failed).await
        {
            return error;
        }
        if let Err(error) = deliveries.ack(tag).await {
            return error;
        }
    }
}

/// The history loop.
pub(crate) async fn remember(operator: Arc<Operator>, session: Arc<Session>) -> HistoryError {
    match copy(&operator, &session).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn copy(operator: &Operator, session: &Session) -> Result<std::convert::Infallible, HistoryError> {
    let ledger = operator.reconciler.hands.ledger.as_ref();
    let beginning = operator.sim.with(|world| -1 - i64::try_from(world.random.below(1 << 60)).unwrap_or(0));
    let mut saved = match until_redis_is_there(operator, || place(ledger, Mark::beginning(beginning))).await {
        Kept::Until(mark) => mark,
        Kept::Moved => return Err(HistoryError::Moved),
    };
    let from = usize::try_from(saved.offset).unwrap_or(0);
    let mut is_known = saved.offset < 0 || operator.sim.with(|world| world.is_planted(Planted::AnyStream));
    let deliveries = session.consume_from(HISTORY_STREAM, PREFETCH, from).await?;
    loop {
        let first = tokio::select! {
            biased;
            first = deliveries.next() => Some(first.ok_or(BrokerError::Cancelled)?),
            () = operator.sim.sleep(Duration::from_secs(10)) => None,
        };
        let most = operator.sim.with(|world| world.random.index(6));
        let batch: Vec<_> = first.into_iter().chain(deliveries.more(most)).collect();
        let mut records: Vec<(Mark, &Message)> =
            batch.iter().map(|(_, message)| (Mark::of(message.earlier, &message.body), message)).collect();
        if !is_known && !is_same_stream(saved, records.first().map(|(mark, _)| *mark)) {
            operator.sim.with(|world| world.reach(Corner::AnotherStream));
            until_redis_is_there(operator, || ledger.forget_mark()).await;
            return Err(HistoryError::AnotherStream);
        }
        is_known = true;
        records.retain(|(mark, _)| mark.offset > saved.offset);
        let events: Vec<Event> = records.iter().filter_map(|(_, message)| Event::decode(&message.body).ok()).collect();
        let last = records.last().map(|(mark, _)| *mark);
        match until_redis_is_there(operator, || keep(ledger, &events, saved, last)).await {
            Kept::Until(mark) => saved = mark,
            Kept::Moved => {
                operator.sim.with(|world| world.reach(Corner::OffsetMoved));
                return Err(HistoryError::Moved);
            }
        }
        for (tag, _) in batch {
            deliveries.ack(tag).await?;
        }
    }
}

async fn until_redis_is_there<T, F: Future<Output = Result<T, LedgerError>>>(
    operator: &Operator,
    call: impl Fn() -> F,
) -> T {
    loop {
        if let Ok(answer) = call().await {
            return answer;
        }
        operator.sim.sleep(Duration::from_secs(1)).await;
    }
}

/// The repair loop.
pub(crate) async fn repair(operator: Arc<Operator>, session: Arc<Session>) -> BrokerError {
    let (sim, reconciler) = (&operator.sim, &operator.reconciler);
    let is_left_out = |fault| sim.with(|world| world.is_planted(fault));
    let (without_tasks, without_records) = (is_left_out(Planted::NoTaskRepair), is_left_out(Planted::NoRecordRepair));
    let without_cancel = is_left_out(Planted::CancelWithoutRepair);
    let mut unstarted = Unstarted::default();
    let mut queues = sim.sleep(Duration::ZERO);
    let mut records = sim.sleep(Duration::ZERO);
    let mut lagging = sim.sleep(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            () = &mut queues => {
                queues = sim.sleep(Duration::from_secs(10));
                if !without_tasks {
                    match unstarted.look(reconciler, session.as_ref(), operator.now()).await {
                        Ok(0) => {}
                        Ok(_) => operator.doubts.notify_one(),
                        Err(error) => return error,
                    }
                }
            }
            () = &mut records => {
                records = sim.sleep(LOOK_AT_RECORDS);
                if !without_records {
                    let _ = reconciler.hands.project_lagging(true).await;
                }
                if !without_cancel
                    && let Err(ActError::Broker(error)) = cancel_orphans(reconciler, session.as_ref(), operator.now()).await
                {
                    return error;
                }
            }
            () = &mut lagging => {
                lagging = sim.sleep(Duration::from_secs(1));
                if !without_records {
                    let _ = reconciler.hands.project_lagging(false).await;
                }
            }
        }
    }
}
