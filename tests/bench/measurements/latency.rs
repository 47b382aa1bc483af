//! The latency of events under an open-loop load: each is measured from the time at which it was due to be published, even if
//! it was published later. Does I/O.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, stream::FuturesUnordered};
use jiff::Timestamp;
use kube::runtime::{WatchStreamExt as _, watcher};
use subtitle_contract::{event::Event, job::SubtitleJob, keys::KeyStyle, payload::Subject, phase::Phase};

use crate::{
    environment::Environment,
    measurements::{
        SETTLE_TIME, api,
        broker::{Publisher, event},
        loops::AppendFsync,
    },
    statistics::{Latency, as_f64},
};

/// The time for which events are published.
const DURATION: Duration = Duration::from_secs(20);
/// The longest time to wait for the last event.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Events in flight, by key, and the latencies of those that arrived.
#[derive(Default)]
struct InFlight {
    due: HashMap<String, VecDeque<Instant>>,
    latencies: Vec<Duration>,
}

#[derive(Clone, Default)]
struct Tracker(Arc<Mutex<InFlight>>);

impl Tracker {
    fn with_lock<T>(&self, change: impl FnOnce(&mut InFlight) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record_due(&self, key: String, due: Instant) {
        self.with_lock(|in_flight| in_flight.due.entry(key).or_default().push_back(due));
    }

    fn record_arrival(&self, key: &str) {
        let now = Instant::now();
        self.with_lock(|in_flight| {
            if let Some(due) = in_flight.due.get_mut(key).and_then(VecDeque::pop_front) {
                in_flight.latencies.push(now.duration_since(due));
            }
        });
    }

    /// The latency of each event, once all have arrived.
    async fn wait_for_all(&self, count: usize) -> Result<Vec<Duration>> {
        let begun = Instant::now();
        loop {
            let arrived = self.with_lock(|in_flight| in_flight.latencies.len());
            if arrived >= count {
                return Ok(self.with_lock(|in_flight| std::mem::take(&mut in_flight.latencies)));
            }
            ensure!(begun.elapsed() < TIMEOUT, "{arrived} of {count} events arrived within {} s", TIMEOUT.as_secs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Publishes one event for each of `subjects`, `rate` per second; `key` identifies its arrival.
async fn publish_at_rate(
    url: &str,
    subjects: impl Iterator<Item = &Subject>,
    rate: f64,
    key: impl Fn(&Subject) -> String,
    tracker: &Tracker,
) -> Result<()> {
    let publisher = Publisher::open(url).await?;
    let (mut due, mut unconfirmed) = (Instant::now(), FuturesUnordered::new());
    let publish = async |event: Event| publisher.publish(&event).await;
    for subject in subjects {
        due += Duration::from_secs_f64(1.0 / rate);
        loop {
            tokio::select! {
                Some(outcome) = unconfirmed.next() => outcome?,
                () = tokio::time::sleep_until(due.into()) => break,
            }
        }
        tracker.record_due(key(subject), due);
        unconfirmed.push(publish(event(subject, Timestamp::now())));
    }
    while let Some(outcome) = unconfirmed.next().await {
        outcome?;
    }
    Ok(())
}

fn event_count(rate: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of events")]
    let count = (rate * DURATION.as_secs_f64()) as usize;
    count.max(1)
}

/// The latency, and the jobs that are in progress now.
pub(crate) struct EventToStatusResult {
    pub(crate) latency: Latency,
    pub(crate) jobs: Vec<Subject>,
}

/// From the publication of an event to the status in a watch.
pub(crate) async fn event_to_status(environment: &mut Environment, rate: f64) -> Result<EventToStatusResult> {
    let jobs = api::create(environment, "known", event_count(rate).max(crate::JOBS_IN_LOOPS)).await?;
    environment.start_operator().await?;
    environment.until("subtitle_events_consumed_total", as_f64(jobs.len())).await?;
    let tracker = Tracker::default();
    let (watched, seen) = (environment.jobs(), tracker.clone());
    let watch = tokio::spawn(async move {
        let changes = watcher(watched, watcher::Config::default()).default_backoff().touched_objects();
        let mut changes = std::pin::pin!(changes);
        while let Some(change) = changes.next().await {
            let Ok(job) = change else { continue };
            let job: SubtitleJob = job;
            if job.status.as_ref().is_some_and(|status| status.phase == Phase::DownloadInProgress) {
                seen.record_arrival(job.metadata.uid.as_deref().unwrap_or_default());
            }
        }
    });
    tokio::time::sleep(SETTLE_TIME).await;
    publish_at_rate(&environment.broker_url(), jobs.iter(), rate, |subject| subject.job_id.clone(), &tracker).await?;
    let latencies = tracker.wait_for_all(jobs.len()).await?;
    watch.abort();
    Ok(EventToStatusResult { latency: Latency::new(latencies, rate), jobs })
}

/// From the publication of an event to its job's history in Redis, by keyspace notifications.
pub(crate) async fn event_to_history(
    environment: &mut Environment,
    subjects: &[Subject],
    rate: f64,
) -> Result<Latency> {
    environment.redis(&["CONFIG", "SET", "appendfsync", AppendFsync::Everysec.as_str()])?;
    environment.redis(&["CONFIG", "SET", "notify-keyspace-events", "Kl"])?;
    environment.start_operator().await?;
    let tracker = Tracker::default();
    let client = redis::Client::open(environment.stack.redis.url.clone())?;
    let mut notifications = client.get_async_pubsub().await?;
    notifications.psubscribe("__keyspace@0__:job:events:*").await?;
    let seen = tracker.clone();
    let watch = tokio::spawn(async move {
        let mut notifications = notifications.into_on_message();
        while let Some(notification) = notifications.next().await {
            if let Some(key) = notification.get_channel_name().strip_prefix("__keyspace@0__:") {
                seen.record_arrival(key);
            }
        }
    });
    tokio::time::sleep(SETTLE_TIME).await;
    let event_count = event_count(rate);
    let key = |subject: &Subject| KeyStyle::Plain.events(&subject.job_id);
    publish_at_rate(&environment.broker_url(), subjects.iter().cycle().take(event_count), rate, key, &tracker).await?;
    let latencies = tracker.wait_for_all(event_count).await.context("histories in Redis")?;
    watch.abort();
    environment.redis(&["CONFIG", "SET", "notify-keyspace-events", ""])?;
    Ok(Latency::new(latencies, rate))
}
