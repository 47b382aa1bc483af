//! A workbench for one task: events go into memory, files into a store in memory, and time is tokio's, paused.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::{Clock, SystemRuntime};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{self, VariantMatch},
    language::Language,
    payload::{Cancelled, DownloadRequested, Subject, TranslateRequested},
    reason::Reason,
};
use subtitle_telemetry::Registry;
use subtitle_workers::{
    downloader::Downloader,
    find::{
        Finder, Libraries,
        guard::{Guard, GuardedClient},
    },
    metrics::WorkerMetrics,
    observations::Observations,
    simulation::Simulation,
    store::{Store, sha256},
    task::{
        DeliveredTask, Settlement, TaskContext, Work, WorkerIdentity,
        claim::{Claimant, LEASE, TakeOutcome},
        handle,
    },
    translate::{EngineError, EngineId, Translate, TranslationRequest, engines},
    translator::Translator,
};

/// What was published, in order.
#[derive(Default)]
pub(crate) struct Outbox {
    events: Mutex<Vec<Event>>,
    dead: Mutex<Vec<(String, Reason)>>,
}

impl Outbox {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().expect("not poisoned").clone()
    }

    pub(crate) fn of(&self, event_type: &EventType) -> Vec<Event> {
        self.events().into_iter().filter(|event| event.event_type == *event_type).collect()
    }

    pub(crate) fn dead(&self) -> Vec<(String, Reason)> {
        self.dead.lock().expect("not poisoned").clone()
    }
}

impl PublishWriter for Outbox {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        self.events.lock().expect("not poisoned").push(event.clone());
        Ok(())
    }

    async fn dead_letter(&self, key: &str, _: &[u8], reason: Reason, _: &str) -> Result<(), BrokerError> {
        self.dead.lock().expect("not poisoned").push((key.to_owned(), reason));
        Ok(())
    }
}

/// Tokio's clock, which a test pauses.
#[derive(Clone, Copy)]
pub(crate) struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::try_from(self.elapsed()).expect("short")
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// An engine that counts what it is paid for.
pub(crate) struct CountingEngine {
    pub(crate) calls: AtomicU32,
    pub(crate) takes: Duration,
    /// Told of each call, by its number from 1, before it is answered.
    pub(crate) on_call: Box<dyn Fn(u32) + Send + Sync>,
    /// The call that never ends.
    pub(crate) hangs_at: Option<u32>,
    /// Gives back nothing for each piece, which our checks refuse.
    pub(crate) says_nothing: bool,
}

impl Default for CountingEngine {
    fn default() -> Self {
        Self {
            calls: AtomicU32::new(0),
            takes: Duration::ZERO,
            on_call: Box::new(|_| {}),
            hangs_at: None,
            says_nothing: false,
        }
    }
}

impl Translate for CountingEngine {
    async fn supports(&self, _: EngineId, _: &Language, _: &Language, _: VariantMatch) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn translate(
        &self,
        _: EngineId,
        TranslationRequest { texts, .. }: TranslationRequest<'_>,
    ) -> Result<Vec<String>, EngineError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        (self.on_call)(call);
        if self.hangs_at == Some(call) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.takes).await;
        // Spanish, or the checks would refuse it.
        let (source, spanish) =
            ("The harbour is quiet tonight, number", "[es] El puerto está tranquilo esta noche, número");
        let say = |text: &String| if self.says_nothing { String::new() } else { text.replace(source, spanish) };
        Ok(texts.iter().map(say).collect())
    }
}

/// A task context, a translator and what both share.
pub(crate) struct Bench {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) metrics: WorkerMetrics,
    pub(crate) clock: PausedClock,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let (registry, metrics) = WorkerMetrics::new("test");
        Self { outbox: Arc::default(), store, registry, metrics, clock: PausedClock(tokio::time::Instant::now()) }
    }

    /// Another process's context.
    pub(crate) fn context(&self, worker: &str) -> Arc<TaskContext<Outbox, PausedClock>> {
        let identity = WorkerIdentity { name: worker.to_owned(), incarnation: worker.to_owned() };
        let (outbox, store) = (self.outbox.clone(), self.store.clone());
        Arc::new(TaskContext::new(outbox, store, self.clock, identity, self.metrics.clone()))
    }

    /// Takes the claim of `folder` over in five seconds, as if its owner had slept through its lease.
    pub(crate) async fn rob(&self, folder: &str) -> Infallible {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let robber = Claimant::new("robber");
        let seen = robber.take(&self.store, folder, &self.clock).await.expect("store");
        assert!(matches!(seen, TakeOutcome::Held { .. }));
        let late = PausedClock(self.clock.0 - LEASE);
        // Twice, so that the claim has the very number of the lost one.
        for releases in [true, false] {
            match robber.take(&self.store, folder, &late).await.expect("store") {
                TakeOutcome::Ours(claim) if releases => claim.release().await.expect("store"),
                TakeOutcome::Ours(_) => {}
                TakeOutcome::Held { .. } => panic!("the lease is over by then"),
            }
        }
        std::future::pending().await
    }

    /// The value of a metric with these labels.
    pub(crate) fn number(&self, series: &str) -> u64 {
        let text = self.registry.text();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("'{series}' is missing:\n{text}"))
    }

    pub(crate) fn translator<E>(&self, engines: E) -> Translator<E> {
        Translator {
            store: self.store.clone(),
            libraries: Libraries::new(std::collections::BTreeMap::new(), None, reqwest_client()),
            engines,
            order: vec![engine("deepl")],
            public_url: "http://example".to_owned(),
            continue_after: Duration::from_secs(900),
            characters_per_day: None,
            metrics: self.metrics.clone(),
        }
    }

    /// A downloader whose simulated source takes this long to list what it has.
    pub(crate) fn downloader(&self, delay: Duration) -> Downloader {
        let simulation = Simulation { delay, failure_percent: 0 };
        Downloader {
            store: self.store.clone(),
            finder: Finder {
                simulation,
                ..Finder::new(
                    self.translator(CountingEngine::default()).libraries,
                    GuardedClient::new(Guard::default()).expect("a client"),
                )
            },
            order: vec![],
            public_url: "http://example".to_owned(),
            metrics: self.metrics.clone(),
            clock: SystemRuntime::default(),
            claimant: Claimant::new("test"),
            announcements: Observations::default(),
        }
    }

    /// A task to translate `cues` cues, whose text is in the store.
    pub(crate) async fn task(&self, job: &str, cues: usize) -> Event {
        let cue = |at: usize| {
            format!(
                "{}\n00:{:02}:{:02},000 --> 00:{:02}:{:02},900\nThe harbour is quiet tonight, number {at}\n\n",
                at + 1,
                at / 60,
                at % 60,
                at / 60,
                at % 60
            )
        };
        let text: String = (0..cues).map(cue).collect();
        let text = text.trim_end().to_owned() + "\n";
        self.task_of(job, &text, serde_json::json!({"video": {"title": "Harbour"}, "language": "es"})).await
    }

    /// A task to translate an English `text` as `spec` says.
    pub(crate) async fn task_of(&self, job: &str, text: &str, spec: serde_json::Value) -> Event {
        self.task_in("n", job, text, spec).await
    }

    /// The same for a job of another namespace.
    pub(crate) async fn task_in(&self, namespace: &str, job: &str, text: &str, spec: serde_json::Value) -> Event {
        let key = format!("{namespace}/found/{}.srt", &sha256(text.as_bytes())[..8]);
        self.store.create(&key, text.to_owned().into()).await.expect("stores");
        let from = job::Artifact { key, language: "en".to_owned(), sha256: sha256(text.as_bytes()) };
        let spec: job::SubtitleJobSpec = serde_json::from_value(spec).expect("a spec");
        let task = TranslateRequested {
            subtitle_file_path: from.key.clone(),
            source_language: "en".to_owned(),
            target_language: spec.language.clone(),
            from,
            spec,
            glossary: None,
            candidates: vec![],
        };
        let subject = Subject { namespace: namespace.to_owned(), ..subject(job) };
        Event::new(&subject, source::DOWNLOADER, self.clock.now(), &task)
    }
}

/// A task that the simulated source can do.
pub(crate) fn download() -> DownloadRequested {
    let spec = serde_json::json!({
        "video": {"title": "Harbour"}, "language": "es", "sources": [{"name": "simulated"}], "output": {"format": "SRT"}
    });
    DownloadRequested {
        video_url: String::new(),
        video_title: "Harbour".to_owned(),
        language: "es".to_owned(),
        preferred_sources: vec![],
        spec: serde_json::from_value(spec).expect("a spec"),
        glossary: None,
    }
}

/// The event of a job that was deleted.
pub(crate) fn deletion(job: &str) -> Event {
    Event::new(&subject(job), source::MANAGER, Timestamp::UNIX_EPOCH, &Cancelled { reason: Reason::Deleted.into() })
}

pub(crate) fn subject(job: &str) -> Subject {
    Subject { job_id: job.to_owned(), namespace: "n".to_owned(), name: job.to_owned(), attempt: 1 }
}

/// The engine of this name.
pub(crate) fn engine(name: &str) -> EngineId {
    engines::from_name(name).expect("an engine")
}

fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Hands a task out until it is settled for good, as a quorum queue does; with how often that was.
pub(crate) async fn deliver<W: Work>(
    work: &W,
    context: &TaskContext<Outbox, PausedClock>,
    task: &Event,
) -> (Settlement, u32) {
    let data = serde_json::to_vec(task).expect("JSON");
    let mut earlier = 0;
    loop {
        let delivered = DeliveredTask { routing_key: task.event_type.as_str(), body: &data, delivery_count: earlier };
        match handle(work, context, delivered).await.expect("the outbox takes everything") {
            Settlement::Requeue if earlier < 20 => earlier += 1,
            settled => return (settled, earlier + 1),
        }
    }
}
