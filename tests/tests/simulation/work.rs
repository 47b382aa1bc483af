//! What the workers do: the production translator over an engine that is paid by the call, and a downloader over a
//! source that is. A job's title says how it goes: `found-1`, `translated-2`, `flaky-3`, `hopeless-4`,
//! `broken-5`, `quota-6`, `wordy-7`, `poison-8`.

use std::{collections::BTreeMap, fmt::Write as _, sync::OnceLock, time::Duration};

use jiff::SignedDuration;
use subtitle_broker::{BrokerError, Publish};
use subtitle_core::{
    event::{Event, source},
    job::{self, Variants},
    language::Language,
    payload::{DownloadRequested, DownloadStarted, Ready, Subject, TranslateRequested},
    reason::Reason,
    topology::DOWNLOAD_QUEUE,
};
use subtitle_store::{Store, sha256};
use subtitle_workers::{
    clock::Clock,
    engine::{Question, Translate},
    failure::Failure,
    find::{Sources, simulated::Simulation},
    metrics::Metrics,
    report::{Gate as _, Reporter, Stopped},
    task::Work,
    translate::EngineError,
    translator::Translator,
};

use crate::world::Sim;

/// A call that costs something: how long it takes and whether it fails are chance; the checks are told.
async fn pay(sim: &Sim, process: usize, (what, claim): (&str, &str), longest: u64) -> bool {
    let takes = sim.with(|world| {
        world.note(|| format!("{} pays for {what}", crate::faults::name_of(process)));
        if let Some(how) = world.checks.paid.begins(what, claim, process, world.clock(process)) {
            world.checks.broken("I8", || how);
        }
        world.random.below(longest)
    });
    sim.sleep(Duration::from_millis(takes)).await;
    sim.with(|world| {
        let fails = world.weather.is_on && world.happens(world.weather.paid_fails);
        if fails {
            world.checks.paid.failed(what, process);
        }
        !fails
    })
}

/// Finds subtitles.
pub(crate) struct Downloader {
    /// The world.
    pub(crate) sim: Sim,
    /// Whose it is.
    pub(crate) process: usize,
    /// Where results go.
    pub(crate) store: Store,
}

/// How every line begins.
const LINE: &str = "The harbour of ";

fn text(title: &str) -> String {
    let cues = if title.ends_with("-long") { 55 } else { 3 };
    let mut text = String::new();
    for at in 1..=cues {
        let _ = write!(text, "{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{LINE}{title}, line {at}\n\n");
    }
    text.trim_end().to_owned() + "\n"
}

impl Downloader {
    /// The file's text, paid for unless it is in the store.
    async fn fetch(
        &self,
        key: &str,
        title: &str,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<String, Stopped> {
        if let Some(bytes) = self.store.read(key).await.map_err(Failure::from)? {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        reporter.pass()?;
        let longest = if title.starts_with("slow") { 90_000 } else { 3_000 };
        let claim = format!("download-{}", reporter.subject().job_id);
        if !pay(&self.sim, self.process, (key, &claim), longest).await {
            return Err(Failure::new(Reason::SourceUnavailable, "the source is away").into());
        }
        let text = text(title);
        self.store.create(key, text.clone().into()).await.map_err(Failure::from)?;
        Ok(text)
    }
}

/// How the first attempts of some jobs go wrong.
fn failure(title: &str, attempt: u32, now: jiff::Timestamp) -> Option<Failure> {
    let away = |message: &str| Some(Failure::new(Reason::SourceUnavailable, message));
    match title.split('-').next()? {
        "hopeless" => Some(Failure::new(Reason::NoSubtitleFound, "nobody has it")),
        "wordy" => away(&"the source is away and says so at length, ".repeat(15)),
        "broken" => away("the source is always away"),
        "flaky" if attempt <= 2 => away("the source is away at first"),
        "quota" if attempt == 1 => {
            let not_before = Some(now + SignedDuration::from_secs(20));
            Some(Failure { not_before, ..Failure::new(Reason::SourceUnavailable, "the quota is used up") })
        }
        _ => None,
    }
}

impl Work for Downloader {
    type Task = DownloadRequested;
    const QUEUE: &'static str = DOWNLOAD_QUEUE;
    const SOURCE: &'static str = source::DOWNLOADER;

    fn claim(&self, subject: &Subject, _: &DownloadRequested) -> String {
        format!("{}/claims/download-{}", subject.namespace, subject.job_id)
    }

    async fn perform(
        &self,
        _: &Event,
        task: DownloadRequested,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(), Stopped> {
        reporter.publish(&DownloadStarted { worker: reporter.worker() }).await?;
        let (subject, title) = (reporter.subject(), task.video_title.as_str());
        if title.starts_with("poison") {
            return Err(BrokerError::Cancelled.into()); // whoever takes it, loses its session
        }
        if let Some(failure) = failure(title, subject.attempt, self.sim.clock(self.process)) {
            return Err(failure.into());
        }
        let key = format!("{}/found/{title}-{}.srt", subject.namespace, subject.job_id);
        let text = self.fetch(&key, title, reporter).await?;
        let (url, sha256) = (format!("http://files/{key}"), sha256(text.as_bytes()));
        if title.starts_with("translated") {
            let from = job::Artefact { key: key.clone(), language: "en".to_owned(), sha256 };
            let request = TranslateRequested {
                subtitle_file_path: key,
                source_language: "en".to_owned(),
                target_language: task.language,
                from,
                spec: task.spec,
                glossary: task.glossary,
                candidates: vec![],
            };
            return reporter.publish(&request).await;
        }
        let result = job::JobResult {
            url: url.clone(),
            key: key.clone(),
            language: task.language.clone(),
            sha256,
            ..job::JobResult::default()
        };
        let ready = Ready {
            subtitle_path: key,
            language: task.language,
            download_url: url,
            result,
            candidates: vec![],
            simulated: false,
        };
        reporter.publish(&ready).await
    }
}

/// An engine that is paid by the batch.
pub(crate) struct Engine {
    sim: Sim,
    process: usize,
}

impl Translate for Engine {
    async fn knows(&self, _: &str, _: &Language, _: &Language, _: Variants) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn translate(&self, _: &str, Question { to, texts, .. }: Question<'_>) -> Result<Vec<String>, EngineError> {
        // As the production's checkpoints name a batch, so that the store can tell when it is kept.
        let what = sha256(&serde_json::to_vec(texts).expect("texts are JSON"));
        let title = texts.first().and_then(|text| text.strip_prefix(LINE)?.split(',').next()).unwrap_or_default();
        let claim = format!("translate-{}", sha256(text(title).as_bytes()));
        if !pay(&self.sim, self.process, (&what, &claim), 20_000).await {
            return Err(EngineError::away("simulated", "the engine is away"));
        }
        Ok(texts.iter().map(|text| format!("[{to}] {text}")).collect())
    }
}

fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let make = || {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::new() // never called: no job here asks for a sidecar or a library
    };
    CLIENT.get_or_init(make).clone()
}

/// The production translator of a process.
pub(crate) fn translator(sim: &Sim, process: usize, store: &Store) -> Translator<Engine> {
    Translator {
        store: store.clone(),
        sources: Sources {
            libraries: BTreeMap::new(),
            library_url: None,
            http: client(),
            simulation: Simulation::default(),
        },
        engines: Engine { sim: sim.clone(), process },
        order: vec!["simulated"],
        public_url: "http://example".to_owned(),
        continue_after: Duration::from_secs(15),
        characters_per_day: None,
        metrics: Metrics::of("simulation").1,
    }
}
