//! One file through the translator without any server: the worker's own code over a store in memory, for the command line
//! and the benchmark. A text comes in, its translation or the worker's failure goes out. Does I/O through its engines.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::{Clock as _, SystemRuntime};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{self, StoredGlossary, SubtitleJobSpec},
    payload::{Failed, Subject, TranslateProgress, TranslateRequested, Translated},
    reason::Reason,
};

use super::settings::Translator;
use crate::{
    find::Libraries,
    metrics::WorkerMetrics,
    store::{Store, sha256},
    task::{DeliveredTask, TaskContext, WorkerIdentity, handle},
    translate::{EngineId, Translate},
};

/// A file to translate, and how.
pub struct StandaloneRequest<E> {
    /// The engines.
    pub engines: E,
    /// The engines in the order they are asked.
    pub order: Vec<EngineId>,
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
pub struct TranslatedFile {
    /// The file.
    pub text: String,
    /// What a job's status would say of it.
    pub result: job::JobResult,
}

/// Collects events, and reports progress.
struct EventCollector<F> {
    events: Mutex<Vec<Event>>,
    on_progress: F,
}

impl<F: Fn(TranslateProgress) + Send + Sync> PublishWriter for EventCollector<F> {
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

/// Translates; `on_progress` is called with each progress event.
pub async fn translate<E: Translate>(
    StandaloneRequest { engines, order, text, from, glossary, spec }: StandaloneRequest<E>,
    on_progress: impl Fn(TranslateProgress) + Send + Sync,
) -> Result<TranslatedFile, Failed> {
    let bug = |message: String| failed(Reason::WorkerError, message);
    let url = "memory:".parse().map_err(|error| bug(format!("failed to open the store: {error}")))?;
    let store = Store::open(&url).map_err(|error| bug(error.to_string()))?;
    let from = job::Artifact { key: "standalone/source".to_owned(), language: from, sha256: sha256(text.as_bytes()) };
    store.create(&from.key, text.into()).await.map_err(|error| bug(error.to_string()))?;
    let glossary = match glossary {
        None => None,
        Some(text) => {
            let stored = StoredGlossary { key: "standalone/glossary".to_owned(), sha256: sha256(text.as_bytes()) };
            store.create(&stored.key, text.into()).await.map_err(|error| bug(error.to_string()))?;
            Some(stored)
        }
    };
    let name = "standalone".to_owned();
    let subject = Subject { job_id: name.clone(), namespace: name.clone(), name, attempt: 1 };
    let task = TranslateRequested {
        subtitle_file_path: from.key.clone(),
        source_language: from.language.clone(),
        target_language: spec.language.clone(),
        from,
        spec,
        glossary,
        candidates: vec![],
    };
    let (_, metrics) = WorkerMetrics::new("subtitles");
    let clock = SystemRuntime::default();
    let task = Event::new(&subject, source::DOWNLOADER, clock.now(), &task);
    let translator = Translator {
        store: store.clone(),
        libraries: Libraries::new(BTreeMap::new(), None, reqwest::Client::new()),
        engines,
        order,
        public_url: String::new(),
        // No other worker could continue.
        continue_after: Duration::MAX,
        characters_per_day: None,
        metrics: metrics.clone(),
    };
    let collector = Arc::new(EventCollector { events: Mutex::default(), on_progress });
    let identity = WorkerIdentity { name: "standalone".to_owned(), incarnation: "standalone".to_owned() };
    let context = TaskContext::new(collector, store.clone(), clock, identity, metrics);
    let body = serde_json::to_vec(&task).map_err(|error| bug(error.to_string()))?;
    let delivered = DeliveredTask { routing_key: task.event_type.as_str(), body: &body, delivery_count: 0 };
    handle(&translator, &context, delivered).await.map_err(|error| bug(error.to_string()))?;
    let last = context.publisher.events.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let last = last.ok_or_else(|| bug("the worker published nothing".to_owned()))?;
    if let Ok(failed) = last.read::<Failed>() {
        return Err(failed);
    }
    let translated = last.read::<Translated>().map_err(|error| bug(error.to_string()))?;
    let bytes = store.read(&translated.result.key).await.map_err(|error| bug(error.to_string()))?.unwrap_or_default();
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| bug(error.to_string()))?;
    Ok(TranslatedFile { text, result: translated.result })
}

fn failed(reason: Reason, error_message: String) -> Failed {
    Failed {
        error_message,
        reason: reason.into(),
        retryable: reason.is_retryable(),
        not_before: None,
        candidates: vec![],
    }
}
