//! How long one event takes, under a load that comes at its own pace (an open loop): each is measured from the moment
//! at which it was to be published, whether or not it was. Does I/O.

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
    api,
    broker::{Publisher, event},
    place::Place,
    statistics::Latency,
};

/// For how long events come.
const LASTS: Duration = Duration::from_secs(20);
/// How long the last may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Events on their way, by what they are known by, and how long those took that arrived.
#[derive(Default)]
struct Way {
    due: HashMap<String, VecDeque<Instant>>,
    took: Vec<Duration>,
}

#[derive(Clone, Default)]
struct Ways(Arc<Mutex<Way>>);

impl Ways {
    fn with<T>(&self, change: impl FnOnce(&mut Way) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sets_out(&self, key: String, due: Instant) {
        self.with(|way| way.due.entry(key).or_default().push_back(due));
    }

    fn arrives(&self, key: &str) {
        let now = Instant::now();
        self.with(|way| {
            if let Some(due) = way.due.get_mut(key).and_then(VecDeque::pop_front) {
                way.took.push(now.duration_since(due));
            }
        });
    }

    /// How long each took, once all have arrived.
    async fn all(&self, count: usize) -> Result<Vec<Duration>> {
        let begun = Instant::now();
        loop {
            let arrived = self.with(|way| way.took.len());
            if arrived >= count {
                return Ok(self.with(|way| std::mem::take(&mut way.took)));
            }
            ensure!(begun.elapsed() < LIMIT, "{arrived} of {count} events arrived within {} s", LIMIT.as_secs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Publishes one event for each of `subjects`, `rate` a second; `key` is what its arrival is known by.
async fn one_by_one(
    url: &str,
    subjects: impl Iterator<Item = &Subject>,
    rate: f64,
    key: impl Fn(&Subject) -> String,
    ways: &Ways,
) -> Result<()> {
    let publisher = Publisher::open(url).await?;
    let (mut due, mut on_their_way) = (Instant::now(), FuturesUnordered::new());
    let publish = async |event: Event| publisher.publish(&event).await;
    for subject in subjects {
        due += Duration::from_secs_f64(1.0 / rate);
        loop {
            tokio::select! {
                Some(outcome) = on_their_way.next() => outcome?,
                () = tokio::time::sleep_until(due.into()) => break,
            }
        }
        ways.sets_out(key(subject), due);
        on_their_way.push(publish(event(subject, Timestamp::now())));
    }
    while let Some(outcome) = on_their_way.next().await {
        outcome?;
    }
    Ok(())
}

fn count(rate: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of events")]
    let count = (rate * LASTS.as_secs_f64()) as usize;
    count.max(1)
}

/// What was measured, and the jobs that are now being worked on.
pub(crate) struct EventsToStatus {
    pub(crate) latency: Latency,
    pub(crate) jobs: Vec<Subject>,
}

/// From an event to the status that a watch shows.
pub(crate) async fn event_to_status(place: &mut Place, rate: f64) -> Result<EventsToStatus> {
    let jobs = api::create(place, "known", count(rate).max(crate::JOBS_IN_LOOPS)).await?;
    place.start_operator().await?;
    place.until("subtitle_events_consumed_total", crate::statistics::number(jobs.len())).await?;
    let ways = Ways::default();
    let (watched, seen) = (place.jobs(), ways.clone());
    let watch = tokio::spawn(async move {
        let changes = watcher(watched, watcher::Config::default()).default_backoff().touched_objects();
        let mut changes = std::pin::pin!(changes);
        while let Some(change) = changes.next().await {
            let Ok(job) = change else { continue };
            let job: SubtitleJob = job;
            if job.status.as_ref().is_some_and(|status| status.phase == Phase::DownloadInProgress) {
                seen.arrives(job.metadata.uid.as_deref().unwrap_or_default());
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    one_by_one(&place.broker_url(), jobs.iter(), rate, |subject| subject.job_id.clone(), &ways).await?;
    let took = ways.all(jobs.len()).await?;
    watch.abort();
    Ok(EventsToStatus { latency: Latency::of(took, rate), jobs })
}

/// From an event to its job's history in Redis, which tells of each change of a list.
pub(crate) async fn publish_to_redis(place: &mut Place, subjects: &[Subject], rate: f64) -> Result<Latency> {
    place.redis(&["CONFIG", "SET", "appendfsync", "everysec"])?;
    place.redis(&["CONFIG", "SET", "notify-keyspace-events", "Kl"])?;
    place.start_operator().await?;
    let ways = Ways::default();
    let client = redis::Client::open(place.stack.redis.url.clone())?;
    let mut notices = client.get_async_pubsub().await?;
    notices.psubscribe("__keyspace@0__:job:events:*").await?;
    let seen = ways.clone();
    let watch = tokio::spawn(async move {
        let mut notices = notices.into_on_message();
        while let Some(notice) = notices.next().await {
            if let Some(key) = notice.get_channel_name().strip_prefix("__keyspace@0__:") {
                seen.arrives(key);
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let number = count(rate);
    let key = |subject: &Subject| KeyStyle::Plain.events(&subject.job_id);
    one_by_one(&place.broker_url(), subjects.iter().cycle().take(number), rate, key, &ways).await?;
    let took = ways.all(number).await.context("histories in Redis")?;
    watch.abort();
    place.redis(&["CONFIG", "SET", "notify-keyspace-events", ""])?;
    Ok(Latency::of(took, rate))
}
