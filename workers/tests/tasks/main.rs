//! The life of a task, over the same code as in production: who pays, who waits, who stops, and what is said.

mod bench;
mod numbers;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bench::{Bench, CountingEngine, deletion, deliver, download, subject};
use jiff::Timestamp;
use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    event::{Event, EventType, source},
    payload::{Failed, Payload as _, Stopped, Subject, TranslateProgress, TranslateRequested, Translated},
    reason::Reason,
    topology::TRANSLATE_QUEUE,
};
use subtitle_workers::{
    store::Store,
    task::{
        DeliveredTask, Settlement, StopReason, TaskContext, TaskReporter, Work,
        claim::{LEASE, TakeOutcome},
        handle, renew_until_lost,
    },
};
use tokio::sync::Notify;

async fn batches(store: &Store) -> usize {
    store.names("n/batches").await.expect("lists").len()
}

async fn claims(store: &Store) -> usize {
    store.names("n/claims").await.expect("lists").len()
}

#[tokio::test(start_paused = true)]
async fn a_killed_translator_is_resumed_and_pays_for_one_batch_again() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await; // five batches
    let asked = Arc::new(Notify::new());
    let noticed = asked.clone();
    let on_call = Box::new(move |call| {
        if call == 3 {
            noticed.notify_one();
        }
    });
    let killed = bench.translator(CountingEngine { hangs_at: Some(3), on_call, ..CountingEngine::default() });
    let context = bench.context("killed");
    tokio::select! {
        settled = deliver(&killed, &context, &task) => panic!("it hangs in batch 3: {settled:?}"),
        () = asked.notified() => {}
    }
    assert_eq!((batches(&bench.store).await, claims(&bench.store).await), (2, 1), "as a killed process leaves it");

    let (next, begun) = (bench.translator(CountingEngine::default()), tokio::time::Instant::now());
    assert_eq!(deliver(&next, &bench.context("next"), &task).await, (Settlement::Ack, 1));
    assert_eq!(begun.elapsed(), LEASE, "the dead one's claim is watched first");
    let paid = killed.engines.calls.load(Ordering::SeqCst) + next.engines.calls.load(Ordering::SeqCst);
    assert_eq!(paid, 5 + 1, "five batches, and the one in which it was killed once more");
    let translated = bench.outbox.of(&EventType::Translated);
    let result = translated[0].read::<Translated>().expect("a result").result;
    assert_eq!((translated.len(), result.cues), (1, 220));
    let text = bench.store.read(&result.key).await.expect("reads").expect("is there");
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    assert_eq!(text.matches("[es] ").count(), 220, "kept batches and new ones make one text");
    assert_eq!((batches(&bench.store).await, claims(&bench.store).await), (0, 0), "nothing is left behind");
}

#[tokio::test(start_paused = true)]
async fn a_task_held_for_long_goes_on_as_a_new_task_and_pays_nothing_twice() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await;
    let slow = || bench.translator(CountingEngine { takes: Duration::from_secs(400), ..CountingEngine::default() });
    let first = slow();
    assert_eq!(deliver(&first, &bench.context("first"), &task).await, (Settlement::Ack, 1));
    assert_eq!(first.engines.calls.load(Ordering::SeqCst), 3, "the batch after which 900 s were over is the last");
    assert_eq!(claims(&bench.store).await, 0, "the next worker need not wait");

    let continuations = bench.outbox.of(&EventType::TranslateRequested);
    let [continuation] = &continuations[..] else { panic!("one continuation: {continuations:?}") };
    assert_ne!(continuation.id, task.id, "the same id would be taken for the task that is over");
    assert_eq!((continuation.source.as_str(), continuation.attempt), (source::TRANSLATOR, task.attempt));
    assert_eq!(continuation.payload, task.payload);
    let again = subtitle_contract::event::event_id("a", 1, &EventType::TranslateRequested, source::TRANSLATOR, "150");
    assert_eq!(continuation.id, Some(again), "a repeated continuation is the same one");

    let second = slow();
    assert_eq!(deliver(&second, &bench.context("second"), continuation).await, (Settlement::Ack, 1));
    assert_eq!(second.engines.calls.load(Ordering::SeqCst), 2);
    assert_eq!(bench.outbox.of(&EventType::Translated).len(), 1);
    let done: Vec<u32> = bench.outbox.of(&EventType::TranslateProgress).iter().map(done).collect();
    assert_eq!(done, [50, 100, 150, 200, 220], "progress only grows");
}

#[tokio::test(start_paused = true)]
async fn progress_is_said_at_most_once_a_second_and_at_the_end() {
    let bench = Bench::new();
    let task = bench.task("a", 520).await; // eleven batches in 4.4 seconds
    let quick = CountingEngine { takes: Duration::from_millis(400), ..CountingEngine::default() };
    assert_eq!(deliver(&bench.translator(quick), &bench.context("w"), &task).await, (Settlement::Ack, 1));
    let done: Vec<u32> = bench.outbox.of(&EventType::TranslateProgress).iter().map(done).collect();
    assert_eq!(done, [50, 200, 350, 500, 520]);
}

fn done(event: &Event) -> u32 {
    event.read::<TranslateProgress>().expect("progress").done
}

#[tokio::test(start_paused = true)]
async fn a_stopped_attempt_costs_nothing_more_and_the_next_one_continues_with_what_was_paid_for() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await;
    let context = bench.context("w");
    let cancelled = context.cancelled.clone();
    let suspended = Event::new(
        &subject("a"),
        source::MANAGER,
        Timestamp::UNIX_EPOCH,
        &Stopped { reason: Reason::Suspended.into() },
    );
    let on_call = Box::new(move |call| {
        if call == 2 {
            cancelled.insert(&suspended, Duration::ZERO);
        }
    });
    let translator = bench.translator(CountingEngine { on_call, ..CountingEngine::default() });
    assert_eq!(deliver(&translator, &context, &task).await, (Settlement::Ack, 1));
    assert_eq!(translator.engines.calls.load(Ordering::SeqCst), 2);
    assert!(bench.outbox.of(&EventType::Translated).is_empty() && bench.outbox.of(&EventType::Failed).is_empty());

    let resumed = Event { attempt: Some(2), ..task };
    deliver(&translator, &context, &resumed).await;
    assert_eq!(translator.engines.calls.load(Ordering::SeqCst), 5, "a batch was paid for twice");
    assert_eq!(bench.outbox.of(&EventType::Translated).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_job_costs_nothing_and_says_nothing() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await;
    let context = bench.context("w");
    context.cancelled.insert(&deletion("a"), Duration::ZERO);
    let translator = bench.translator(CountingEngine::default());
    assert_eq!(deliver(&translator, &context, &task).await, (Settlement::Ack, 1));
    assert_eq!((translator.engines.calls.load(Ordering::SeqCst), bench.outbox.events().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_deleted_meanwhile_is_not_paid_for_any_further() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await;
    let context = bench.context("w");
    let (cancelled, outbox) = (context.cancelled.clone(), bench.outbox.clone());
    let said = Arc::new(std::sync::Mutex::new(0));
    let noted = said.clone();
    let on_call = Box::new(move |call| {
        if call == 2 {
            cancelled.insert(&deletion("a"), Duration::ZERO);
            *noted.lock().expect("not poisoned") = outbox.events().len();
        }
    });
    let translator = bench.translator(CountingEngine { on_call, ..CountingEngine::default() });
    assert_eq!(deliver(&translator, &context, &task).await, (Settlement::Ack, 1));
    assert_eq!(translator.engines.calls.load(Ordering::SeqCst), 2);
    assert_eq!(bench.outbox.events().len(), *said.lock().expect("not poisoned"), "nothing is said after it");
    assert_eq!(claims(&bench.store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_deleted_while_its_sources_are_asked_fetches_nothing() {
    let bench = Bench::new();
    let context = bench.context("d");
    let task = Event::new(&subject("a"), source::MANAGER, Timestamp::UNIX_EPOCH, &download());
    let deleted = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        context.cancelled.insert(&deletion("a"), Duration::ZERO);
    };
    let downloader = bench.downloader(Duration::from_secs(1));
    let (settled, ()) = tokio::join!(deliver(&downloader, &context, &task), deleted);
    assert_eq!(settled, (Settlement::Ack, 1));
    assert_eq!(
        bench.number("subtitle_source_requests_total{source=\"simulated\",request=\"list\",outcome=\"found\"}"),
        1
    );
    assert!(!bench.registry.text().contains("request=\"fetch\""), "the fetch is what costs");
    let said: Vec<EventType> = bench.outbox.events().into_iter().map(|event| event.event_type).collect();
    assert_eq!(said, [EventType::DownloadStarted]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_its_session_keeps_its_batch_and_stops() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await;
    let context = bench.context("w");
    let over = context.session_ended.clone();
    let on_call = Box::new(move |call| {
        if call == 2 {
            over.cancel();
        }
    });
    let translator = bench.translator(CountingEngine { on_call, ..CountingEngine::default() });
    assert_eq!(deliver(&translator, &context, &task).await, (Settlement::LeaveUnacked, 1));
    assert_eq!((translator.engines.calls.load(Ordering::SeqCst), batches(&bench.store).await), (2, 2));
    assert_eq!(claims(&bench.store).await, 0, "the next worker need not wait");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_lost_its_claim_stops_and_its_task_is_not_forgotten() {
    let bench = Bench::new();
    let task = bench.task("a", 220).await;
    let translator = bench.translator(CountingEngine { takes: Duration::from_secs(20), ..CountingEngine::default() });
    let folder = translator.claim(&subject("a"), &task.read::<TranslateRequested>().expect("a task"));
    let data = serde_json::to_vec(&task).expect("JSON");
    let delivered = DeliveredTask { routing_key: TRANSLATE_QUEUE, body: &data, delivery_count: 0 };
    let context = bench.context("w");
    let settled = tokio::select! {
        settled = handle(&translator, &context, delivered) => settled.expect("the outbox takes everything"),
        never = bench.rob(&folder) => match never {},
    };
    assert_eq!(settled, Settlement::Requeue, "the other one may be at another job's task");
    assert_eq!(translator.engines.calls.load(Ordering::SeqCst), 1, "it noticed within the first batch");
    assert_eq!(claims(&bench.store).await, 1, "the other one's claim is not touched");
}

#[tokio::test(start_paused = true)]
async fn a_task_claimed_by_another_worker_waits_without_spinning_and_is_requeued_later_and_later() {
    let bench = Bench::new();
    let task = bench.task("a", 60).await;
    let translator = bench.translator(CountingEngine::default());
    let folder = translator.claim(&subject("a"), &task.read::<TranslateRequested>().expect("a task"));
    let other = bench.context("other");
    let TakeOutcome::Ours(claim) = other.claimant.take(&bench.store, &folder, &bench.clock).await.expect("store")
    else {
        panic!("it is free")
    };
    let context = bench.context("w");
    let data = serde_json::to_vec(&task).expect("JSON");
    let requeued = async {
        for (earlier, seconds) in [(0, 50), (1, 100), (2, 200), (19, 200)] {
            let begun = tokio::time::Instant::now();
            let delivered = DeliveredTask { routing_key: TRANSLATE_QUEUE, body: &data, delivery_count: earlier };
            let settled = handle(&translator, &context, delivered).await.expect("the outbox takes everything");
            assert_eq!((settled, begun.elapsed().as_secs()), (Settlement::Requeue, seconds), "delivery {earlier}");
        }
    };
    tokio::select! {
        () = requeued => {}
        () = renew_until_lost(&claim, &bench.clock) => panic!("a renewed claim is not taken over"),
    }
    let begun = tokio::time::Instant::now();
    let freed = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        claim.release().await.expect("store");
    };
    let (settled, ()) = tokio::join!(deliver(&translator, &context, &task), freed);
    assert_eq!(settled, (Settlement::Ack, 1));
    assert!(begun.elapsed() <= Duration::from_secs(10), "a claim that is given back is noticed soon");
}

#[tokio::test(start_paused = true)]
async fn a_dead_workers_task_is_taken_over_within_a_lease_also_after_it_went_back_to_the_queue() {
    let bench = Bench::new();
    let task = bench.task("a", 60).await;
    let translator = bench.translator(CountingEngine::default());
    let folder = translator.claim(&subject("a"), &task.read::<TranslateRequested>().expect("a task"));
    let dead = bench.context("dead");
    let _claim = dead.claimant.take(&bench.store, &folder, &bench.clock).await.expect("store");
    let (context, begun) = (bench.context("w"), tokio::time::Instant::now());
    let data = serde_json::to_vec(&task).expect("JSON");
    let delivered = DeliveredTask { routing_key: TRANSLATE_QUEUE, body: &data, delivery_count: 1 };
    let ended = async {
        tokio::time::sleep(LEASE / 2).await;
        context.session_ended.cancel();
    };
    let (settled, ()) = tokio::join!(handle(&translator, &context, delivered), ended);
    assert_eq!(settled.expect("settles"), Settlement::Requeue);
    let next = Arc::into_inner(bench.context("w")).expect("not shared yet");
    let session = TaskContext { claimant: context.claimant.clone(), ..next };
    assert_eq!(handle(&translator, &session, delivered).await.expect("settles"), Settlement::Ack);
    assert_eq!(begun.elapsed(), LEASE);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_to_stop_does_not_wait_for_another_workers_claim() {
    let bench = Bench::new();
    let task = bench.task("a", 60).await;
    let translator = bench.translator(CountingEngine::default());
    let folder = translator.claim(&subject("a"), &task.read::<TranslateRequested>().expect("a task"));
    let other = bench.context("other");
    let _claim = other.claimant.take(&bench.store, &folder, &bench.clock).await.expect("store");
    let (context, begun) = (bench.context("w"), tokio::time::Instant::now());
    context.stop.cancel();
    let data = serde_json::to_vec(&task).expect("JSON");
    let delivered = DeliveredTask { routing_key: TRANSLATE_QUEUE, body: &data, delivery_count: 0 };
    assert_eq!(handle(&translator, &context, delivered).await.expect("settles"), Settlement::Requeue);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

/// Work that panics.
struct Broken;

impl Work for Broken {
    type Task = TranslateRequested;
    const QUEUE: &'static str = TRANSLATE_QUEUE;
    const SOURCE: &'static str = source::TRANSLATOR;

    fn claim(&self, _: &Subject, _: &TranslateRequested) -> String {
        "n/claims/broken".to_owned()
    }

    async fn perform(
        &self,
        _: &Event,
        _: TranslateRequested,
        _: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(), StopReason> {
        panic!("out of range")
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_panics_is_a_failed_job_and_not_a_lost_one() {
    let bench = Bench::new();
    let task = bench.task("a", 60).await;
    assert_eq!(deliver(&Broken, &bench.context("w"), &task).await, (Settlement::Ack, 1));
    let failed = bench.outbox.of(&Failed::EVENT_TYPE);
    let failed: Failed = failed[0].read().expect("a failure");
    assert_eq!((failed.reason, failed.retryable), (Reason::WorkerError.into(), true));
    assert!(failed.error_message.contains("out of range"), "{}", failed.error_message);
    assert_eq!(claims(&bench.store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_a_task_goes_to_the_dead_letters() {
    let bench = Bench::new();
    let (translator, context) = (bench.translator(CountingEngine::default()), bench.context("w"));
    let task = bench.task("a", 60).await;
    let nameless = serde_json::to_vec(&Event { name: None, ..task.clone() }).expect("JSON");
    let wrong = serde_json::to_vec(&Event { payload: serde_json::Map::new(), ..task }).expect("JSON");
    for data in [&b"<html>"[..], &nameless, &wrong] {
        let delivered = DeliveredTask { routing_key: "k", body: data, delivery_count: 0 };
        assert_eq!(handle(&translator, &context, delivered).await.expect("settles"), Settlement::Ack);
    }
    assert_eq!(bench.outbox.dead(), vec![("k".to_owned(), Reason::MalformedMessage); 3]);
}
