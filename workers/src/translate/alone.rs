//! One file through the translator without any server: the worker's own code over a store in memory, for the command
//! line and the benchmark. A text comes in, its translation or the worker's failure goes out.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{self, StoredGlossary, SubtitleJobSpec},
    payload::{Failed, Subject, TranslateProgress, TranslateRequested, Translated},
    reason::Reason,
};

use crate::{
    clock::{Clock as _, SystemClock},
    desk::Desk,
    engine::Translate,
    find::{Sources, simulated::Simulation},
    metrics::Metrics,
    store::{Store, sha256},
    task::{Delivered, handle},
    translator::Translator,
};

/// What is to be translated, and how.
pub struct Request<E> {
    /// What translates.
    pub engines: E,
    /// Engines in the order they are asked.
    pub order: Vec<&'static str>,
    /// The file.
    pub text: String,
    /// Its language.
    pub from: String,
    /// The text of a glossary, where there is one.
    pub glossary: Option<String>,
    /// Everything else a job can ask for.
    pub spec: SubtitleJobSpec,
}

/// A translation.
#[derive(Debug)]
pub struct Done {
    /// The file.
    pub text: String,
    /// What a job's status would say of it.
    pub result: job::JobResult,
}

/// Takes events, and tells of progress.
struct Listener<F> {
    events: Mutex<Vec<Event>>,
    on_progress: F,
}

impl<F: Fn(TranslateProgress) + Send + Sync> Publish for Listener<F> {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        if event.event_type == EventType::TranslateProgress
            && let Ok(progress) = event.read::<TranslateProgress>()
        {
            (self.on_progress)(progress);
        }
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        Ok(())
    }

    async fn dead_letter(&self, _: &str, _: &[u8], _: Reason, _: &str) -> Result<(), BrokerError> {
        Ok(())
    }
}

/// Translates; `on_progress` hears of every batch.
pub async fn translate<E: Translate>(
    Request { engines, order, text, from, glossary, spec }: Request<E>,
    on_progress: impl Fn(TranslateProgress) + Send + Sync,
) -> Result<Done, Failed> {
    let broke = |message: String| failed(Reason::WorkerError, message);
    let url = "memory:".parse().map_err(|error| broke(format!("no store: {error}")))?;
    let store = Store::open(&url).map_err(|error| broke(error.to_string()))?;
    let from = job::Artefact { key: "alone/source".to_owned(), language: from, sha256: sha256(text.as_bytes()) };
    store.create(&from.key, text.into()).await.map_err(|error| broke(error.to_string()))?;
    let glossary = match glossary {
        None => None,
        Some(text) => {
            let stored = StoredGlossary { key: "alone/glossary".to_owned(), sha256: sha256(text.as_bytes()) };
            store.create(&stored.key, text.into()).await.map_err(|error| broke(error.to_string()))?;
            Some(stored)
        }
    };
    let subject = Subject { job_id: "alone".into(), namespace: "alone".into(), name: "alone".into(), attempt: 1 };
    let task = TranslateRequested {
        subtitle_file_path: from.key.clone(),
        source_language: from.language.clone(),
        target_language: spec.language.clone(),
        from,
        spec,
        glossary,
        candidates: vec![],
    };
    let (_, metrics) = Metrics::of("subtitles");
    let clock = SystemClock::default();
    let task = Event::new(&subject, source::DOWNLOADER, clock.now(), &task);
    let translator = Translator {
        store: store.clone(),
        sources: Sources {
            libraries: BTreeMap::new(),
            library_url: None,
            http: reqwest::Client::new(),
            simulation: Simulation::default(),
        },
        engines,
        order,
        public_url: String::new(),
        // Nobody else can go on.
        continue_after: Duration::MAX,
        characters_per_day: None,
        metrics: metrics.clone(),
    };
    let listener = Listener { events: Mutex::default(), on_progress };
    let desk = Desk::new(listener, store.clone(), clock, "alone".into(), "alone".into(), metrics);
    let data = serde_json::to_vec(&task).map_err(|error| broke(error.to_string()))?;
    let delivered = Delivered { routing_key: task.event_type.as_str(), data: &data, earlier: 0 };
    handle(&translator, &desk, delivered).await.map_err(|error| broke(error.to_string()))?;
    let events = desk.publisher.events.into_inner().unwrap_or_else(PoisonError::into_inner);
    let last = events.last().ok_or_else(|| broke("the worker said nothing".to_owned()))?;
    if let Ok(failed) = last.read::<Failed>() {
        return Err(failed);
    }
    let translated = last.read::<Translated>().map_err(|error| broke(error.to_string()))?;
    let bytes = store.read(&translated.result.key).await.map_err(|error| broke(error.to_string()))?.unwrap_or_default();
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| broke(error.to_string()))?;
    Ok(Done { text, result: translated.result })
}

fn failed(reason: Reason, error_message: String) -> Failed {
    Failed { error_message, reason, retryable: reason.is_retryable(), not_before: None, candidates: vec![] }
}
