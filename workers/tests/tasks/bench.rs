//! A workbench for one task: events go into memory, files into a store in memory, and time is tokio's, paused.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use subtitle_broker::{BrokerError, Publish};
use subtitle_core::{
    event::{Event, EventType, source},
    job::{self, Variants},
    language::Language,
    payload::{Subject, TranslateRequested},
    reason::Reason,
};
use subtitle_workers::{
    clock::Clock,
    desk::Desk,
    engine::Translate,
    find::{Sources, simulated::Simulation},
    store::{Store, sha256},
    task::{Delivered, Settled, Work, handle},
    translate::EngineError,
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

impl Publish for Outbox {
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
}

/// An engine that counts what it is paid for.
pub(crate) struct CountingEngine {
    pub(crate) calls: AtomicU32,
    pub(crate) takes: Duration,
    /// Told of each call, by its number from 1, before it is answered.
    pub(crate) on_call: Box<dyn Fn(u32) + Send + Sync>,
    /// The call that never ends.
    pub(crate) hangs_at: Option<u32>,
}

impl Default for CountingEngine {
    fn default() -> Self {
        Self { calls: AtomicU32::new(0), takes: Duration::ZERO, on_call: Box::new(|_| {}), hangs_at: None }
    }
}

impl Translate for CountingEngine {
    async fn knows(&self, _: &str, _: &Language, _: &Language, _: Variants) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn translate(
        &self,
        _: &str,
        _: &Language,
        to: &Language,
        _: Variants,
        texts: &[String],
        _: &str,
    ) -> Result<Vec<String>, EngineError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        (self.on_call)(call);
        if self.hangs_at == Some(call) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.takes).await;
        Ok(texts.iter().map(|text| format!("[{to}] {text}")).collect())
    }
}

/// A desk, a translator and what both share.
pub(crate) struct Bench {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) store: Store,
    clock: PausedClock,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        Self { outbox: Arc::default(), store, clock: PausedClock(tokio::time::Instant::now()) }
    }

    /// Another process's desk.
    pub(crate) fn desk(&self, worker: &str) -> Arc<Desk<Outbox, PausedClock>> {
        let (outbox, store, worker) = (self.outbox.clone(), self.store.clone(), worker.to_owned());
        Arc::new(Desk::new(outbox, store, self.clock, worker.clone(), worker))
    }

    pub(crate) fn translator(&self, engines: CountingEngine) -> Translator<CountingEngine> {
        Translator {
            store: self.store.clone(),
            sources: Sources {
                libraries: std::collections::BTreeMap::new(),
                library_url: None,
                http: reqwest_client(),
                simulation: Simulation::default(),
            },
            engines,
            order: vec!["apertium"],
            public_url: "http://example".to_owned(),
            continue_after: Duration::from_secs(900),
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
        self.store.create("n/found/a.srt", text.clone().into()).await.expect("stores");
        let spec = serde_json::json!({"video": {"title": "Harbour"}, "language": "es"});
        let from = job::Artefact {
            key: "n/found/a.srt".to_owned(),
            language: "en".to_owned(),
            sha256: sha256(text.as_bytes()),
        };
        let task = TranslateRequested {
            subtitle_file_path: from.key.clone(),
            source_language: "en".to_owned(),
            target_language: "es".to_owned(),
            from,
            spec: serde_json::from_value(spec).expect("a spec"),
            candidates: vec![],
        };
        Event::new(&subject(job), source::DOWNLOADER, self.clock.now(), &task)
    }
}

pub(crate) fn subject(job: &str) -> Subject {
    Subject { job_id: job.to_owned(), namespace: "n".to_owned(), name: job.to_owned(), attempt: 1 }
}

fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Hands a task out until it is settled for good, as a quorum queue does; with how often that was.
pub(crate) async fn deliver<W: Work>(work: &W, desk: &Desk<Outbox, PausedClock>, task: &Event) -> (Settled, u32) {
    let data = serde_json::to_vec(task).expect("JSON");
    let mut earlier = 0;
    loop {
        let delivered = Delivered { routing_key: task.event_type.as_str(), data: &data, earlier };
        match handle(work, desk, delivered).await.expect("the outbox takes everything") {
            Settled::Later if earlier < 20 => earlier += 1,
            settled => return (settled, earlier + 1),
        }
    }
}
