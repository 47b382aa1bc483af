//! A scanner over one library, with events and the store in memory, and what a scan published.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::SystemRuntime;
use subtitle_contract::{
    event::{Event, EventType, MAX_BODY_BYTES, source},
    library::LibraryRules,
    payload::Subject,
    policy::scan::{PolicyRef, ScanFinished, ScanPage, ScanRequested, ScanSelection, ScannedVideo},
    reason::Reason,
};
use subtitle_telemetry::Registry;
use subtitle_workers::{
    find::{Libraries, parser::Parser},
    metrics::WorkerMetrics,
    scanner::Scanner,
    store::Store,
    task::{DeliveredTask, Settlement, TaskContext, WorkerIdentity, handle},
};
use uuid::Uuid;

use crate::library::Library;

/// What was published, in order.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) dead: Mutex<Vec<String>>,
    /// A publish after so many never ends.
    pub(crate) hangs_after: Option<usize>,
}

impl PublishWriter for Outbox {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        if self.hangs_after.is_some_and(|most| self.events.lock().expect("not poisoned").len() >= most) {
            std::future::pending::<()>().await;
        }
        let json = serde_json::to_vec(event).expect("JSON");
        assert!(json.len() <= MAX_BODY_BYTES, "{} bytes", json.len());
        let decoded = Event::decode(&json).expect("an event that every consumer decodes");
        self.events.lock().expect("not poisoned").push(decoded);
        Ok(())
    }

    async fn dead_letter(&self, _: &str, _: &[u8], _: Reason, message: &str) -> Result<(), BrokerError> {
        self.dead.lock().expect("not poisoned").push(message.to_owned());
        Ok(())
    }
}

/// What one scan published.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) pages: Vec<ScanPage>,
    pub(crate) finished: ScanFinished,
}

impl Scan {
    /// Reads the events of a scan that ended; its counts must be those of its pages.
    pub(crate) fn read(events: &[Event]) -> Self {
        let (last, pages) = events.split_last().expect("a scan publishes something");
        let pages: Vec<ScanPage> = pages.iter().map(|event| event.read().expect("a page")).collect();
        let finished: ScanFinished = last.read().expect("the end");
        assert!(pages.iter().enumerate().all(|(at, page)| page.page as usize == at && page.videos.len() <= 500));
        let count = |of: fn(&ScanPage) -> usize| pages.iter().map(of).sum::<usize>();
        let counted = [pages.len(), count(|page| page.videos.len()), count(|page| page.unreadable.len())];
        assert_eq!([finished.pages, finished.videos, finished.unreadable].map(|number| number as usize), counted);
        Self { pages, finished }
    }

    pub(crate) fn videos(&self) -> impl Iterator<Item = &ScannedVideo> {
        self.pages.iter().flat_map(|page| &page.videos)
    }

    pub(crate) fn paths(&self) -> Vec<&str> {
        self.videos().map(|video| video.path.as_str()).collect()
    }

    /// Path and message of what could not be read.
    pub(crate) fn unreadable(&self) -> Vec<(&str, &str)> {
        let all = self.pages.iter().flat_map(|page| &page.unreadable);
        all.map(|one| (one.path.as_str(), one.message.as_str())).collect()
    }
}

/// A scanner and what it shares with the next one.
pub(crate) struct Rig {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) scanner: Scanner,
}

pub(crate) fn request(selection: ScanSelection, paths: &[&str]) -> ScanRequested {
    let [namespace, name, uid] = ["n", "everything", "uid-of-the-policy"].map(str::to_owned);
    ScanRequested {
        scan_id: Uuid::from_u128(7),
        policy: PolicyRef { namespace, name, uid, generation: 1 },
        library: "films".to_owned(),
        select: selection,
        paths: paths.iter().map(ToString::to_string).collect(),
    }
}

impl Rig {
    pub(crate) fn new(library: &Library) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let (registry, metrics) = WorkerMetrics::new("test");
        let mounted = BTreeMap::from([("films".to_owned(), library.0.clone())]);
        let scanner = Scanner {
            store: store.clone(),
            libraries: Libraries::new(mounted, None, reqwest::Client::new()),
            parser: Parser::default(),
            continue_after: Duration::from_secs(900),
            metrics,
        };
        Self { store, registry, scanner }
    }

    pub(crate) fn with_rules(mut self, rules: &str) -> Self {
        let rules = LibraryRules::parse(rules).expect("rules");
        self.scanner.libraries = self.scanner.libraries.clone().with_rules(rules);
        self
    }

    pub(crate) fn context(&self, outbox: &Arc<Outbox>) -> TaskContext<Outbox, SystemRuntime> {
        let identity = WorkerIdentity { name: "w".to_owned(), incarnation: Uuid::now_v7().to_string() };
        let metrics = self.scanner.metrics.clone();
        TaskContext::new(outbox.clone(), self.store.clone(), SystemRuntime::default(), identity, metrics)
    }

    /// Delivers a task once.
    pub(crate) async fn deliver(&self, context: &TaskContext<Outbox, SystemRuntime>, body: &[u8]) -> Settlement {
        let delivered = DeliveredTask { routing_key: EventType::ScanRequested.as_str(), body, delivery_count: 0 };
        handle(&self.scanner, context, delivered).await.expect("the outbox takes everything")
    }

    /// The events that a task's delivery published.
    pub(crate) async fn events(&self, request: &ScanRequested) -> Vec<Event> {
        let outbox = Arc::<Outbox>::default();
        assert_eq!(self.deliver(&self.context(&outbox), &task(request)).await, Settlement::Ack);
        outbox.events.lock().expect("not poisoned").clone()
    }

    pub(crate) async fn scan(&self, request: &ScanRequested) -> Scan {
        Scan::read(&self.events(request).await)
    }

    /// A scan of everything.
    pub(crate) async fn scan_all(&self) -> Scan {
        self.scan(&request(ScanSelection::default(), &[])).await
    }

    /// How many videos had this outcome, in all scans.
    pub(crate) fn counted(&self, outcome: &str) -> u64 {
        let series = format!("subtitle_scanned_videos_total{{outcome=\"{outcome}\"}} ");
        let text = self.registry.text();
        text.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).unwrap_or(0)
    }
}

/// The body of a scan task.
pub(crate) fn task(request: &ScanRequested) -> Vec<u8> {
    let subject = Subject::for_policy(&request.policy);
    serde_json::to_vec(&Event::new(&subject, source::MANAGER, Timestamp::UNIX_EPOCH, request)).expect("JSON")
}
