//! What the workers do: the production's downloader over a source that is paid by the file, and its translator over an
//! engine that is paid by the call. A job's title says how it goes: `found-1`, `translated-2`, `flaky-3`, `hopeless-4`,
//! `broken-5`, `quota-6`, `wordy-7`, `poison-8`.

use std::{collections::BTreeMap, fmt::Write as _, sync::OnceLock, time::Duration};

use jiff::SignedDuration;
use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::{
    event::{Event, source},
    job::{Variants, Video},
    language::Language,
    payload::{DownloadRequested, Subject},
    topology::DOWNLOAD_QUEUE,
};
use subtitle_store::{Store, sha256};
use subtitle_workers::{
    clock::Clock,
    download::Downloader,
    engine::{Question, Translate},
    find::{
        About, Claims, Content, Found, Origin, SourceError, Sources, Trouble, online::Offer, simulated::Simulation,
    },
    metrics::Metrics,
    report::{Reporter, Stopped},
    search::Search,
    task::Work,
    translate::EngineError,
    translator::Translator,
};
use url::Url;

use crate::{worker::SimClock, world::Sim};

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

/// How every line begins, in the language of what is found and of what is translated.
const FOUND: &str = "La última barca deja el puerto de ";
const TRANSLATED: &str = "The last boat leaves the harbour of ";

/// As the store keeps it, whose SHA-256 is in the name of a translation's claim.
fn text(title: &str) -> String {
    let cues = if title.ends_with("-long") { 55 } else { 3 };
    let line = if title.starts_with("translated") { TRANSLATED } else { FOUND };
    let mut text = String::new();
    for at in 1..=cues {
        let _ = write!(text, "{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}{title}, {at}\n\n");
    }
    text
}

/// What the source is called.
const LIBRARY: &str = "library";

/// A source whose files are paid for, in place of those that the downloader asks in production.
pub(crate) struct Shelf {
    sim: Sim,
    process: usize,
    sources: Sources,
}

/// What keeps the source from answering for a title at first, or always.
fn trouble(title: &str, attempt: u32, now: jiff::Timestamp) -> Option<SourceError> {
    let away = |message: &str| Some(SourceError::new(LIBRARY, Trouble::Unavailable, message));
    match title.split('-').next()? {
        "wordy" => away(&"the source is away and says so at length, ".repeat(15)),
        "broken" => away("the source is always away"),
        "flaky" if attempt <= 2 => away("the source is away at first"),
        "quota" if attempt == 1 => {
            let renewed = Some(now + SignedDuration::from_secs(20));
            Some(SourceError::new(LIBRARY, Trouble::Quota(renewed), "the quota is used up"))
        }
        _ => None,
    }
}

impl Search for Shelf {
    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn missing(&self, _: &str) -> Option<&'static str> {
        None
    }

    async fn about(&self, _: &Video) -> About {
        About::default()
    }

    async fn list(
        &self,
        source: &'static str,
        video: &Video,
        languages: &[Language],
        seed: &str,
    ) -> Result<Vec<Found>, SourceError> {
        let title = video.title.as_deref().unwrap_or_default();
        let attempt = seed.rsplit_once(':').and_then(|(_, attempt)| attempt.parse().ok()).unwrap_or(1);
        if let Some(error) = trouble(title, attempt, self.sim.clock(self.process)) {
            return Err(error);
        }
        let has = if title.starts_with("translated") { "en" } else { "es" };
        let fits = |language: &&Language| language.as_str() == has && !title.starts_with("hopeless");
        let url = Url::parse(&format!("http://shelf/{title}")).expect("a URL");
        let found = |language: &Language| Found {
            source,
            label: title.to_owned(),
            language: language.clone(),
            forced: false,
            hearing_impaired: false,
            is_machine_translated: false,
            identity: title.to_owned(),
            claims: Claims::ThisVideo { is_default: false },
            origin: Ok(Origin::Online(Offer::At(url.clone()))),
        };
        Ok(languages.iter().filter(fits).map(found).collect())
    }

    async fn list_online(
        &self,
        provider: &'static str,
        video: &Video,
        languages: &[Language],
        _: &About,
    ) -> Result<Vec<Found>, SourceError> {
        self.list(provider, video, languages, "").await
    }

    async fn fetch(&self, found: &Found) -> Result<Content, SourceError> {
        let title = found.label.as_str();
        let longest = if title.starts_with("slow") { 90_000 } else { 3_000 };
        let what = sha256(found.identity.as_bytes())[..40].to_owned();
        if !pay(&self.sim, self.process, (&what, &format!("fetch-{what}")), longest).await {
            return Err(SourceError::new(found.source, Trouble::Unavailable, "the source is away"));
        }
        Ok(Content::Bytes(text(title).into_bytes()))
    }
}

/// The production downloader of a process; some tasks end the session of whoever takes them.
pub(crate) struct Poisonable(Downloader<Shelf, SimClock>);

impl Work for Poisonable {
    type Task = DownloadRequested;
    const QUEUE: &'static str = DOWNLOAD_QUEUE;
    const SOURCE: &'static str = source::DOWNLOADER;

    fn claim(&self, subject: &Subject, task: &DownloadRequested) -> String {
        self.0.claim(subject, task)
    }

    async fn perform(
        &self,
        event: &Event,
        task: DownloadRequested,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(), Stopped> {
        if task.video_title.starts_with("poison") {
            return Err(BrokerError::Cancelled.into());
        }
        self.0.perform(event, task, reporter).await
    }
}

fn sources() -> Sources {
    Sources { libraries: BTreeMap::new(), library_url: None, http: client(), simulation: Simulation::default() }
}

/// The production downloader of a process.
pub(crate) fn downloader(sim: &Sim, process: usize, store: &Store) -> Poisonable {
    Poisonable(Downloader {
        store: store.clone(),
        finder: Shelf { sim: sim.clone(), process, sources: sources() },
        order: vec![LIBRARY],
        public_url: "http://example".to_owned(),
        metrics: Metrics::of("simulation").1,
        clock: SimClock::new(sim, process),
    })
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
        let title = texts.first().and_then(|text| text.strip_prefix(TRANSLATED)?.split(',').next()).unwrap_or_default();
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
        sources: sources(),
        engines: Engine { sim: sim.clone(), process },
        order: vec!["simulated"],
        public_url: "http://example".to_owned(),
        continue_after: Duration::from_secs(15),
        characters_per_day: None,
        metrics: Metrics::of("simulation").1,
    }
}
