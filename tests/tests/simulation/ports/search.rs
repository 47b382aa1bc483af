//! The source of the simulated downloaders: each file is billed. A job's title determines its outcome:
//! `found-1`, `translated-2`, `flaky-3`, `hopeless-4`, `broken-5`, `quota-6`, `wordy-7`, `poison-8`.

use std::{collections::BTreeMap, fmt::Write as _, sync::OnceLock, time::Duration};

use jiff::SignedDuration;
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::Clock;
use subtitle_contract::{
    event::Event,
    job::Video,
    payload::{DownloadRequested, Subject},
};
use subtitle_store::{Store, sha256};
use subtitle_workers::{
    downloader::Downloader,
    find::{
        FetchedContent, FoundSubtitle, Libraries, ListRequest, Offer, Origin, RequiredSetting, Search, SourceError,
        SourceErrorKind, SourceId, TaskBudget, VideoFacts, VideoMatch, parser::Parser,
    },
    metrics::WorkerMetrics,
    observations::Observations,
    task::{StopReason, TaskReporter, Work, claim::Claimant},
};
use url::Url;

use super::runtime::SimRuntime;
use crate::{faults::name_of, world::Sim};

/// Performs a billed call of random duration and outcome, and reports it to the checks.
pub(crate) async fn pay(sim: &Sim, process: usize, [title, what, claim]: [&str; 3], longest: u64) -> bool {
    let takes = sim.with(|world| {
        world.note(|| format!("{} pays for {what}", name_of(process)));
        if let Some(how) = world.checks.paid.begin_call(what, claim, process, world.elapsed) {
            world.checks.broken("I8", || how);
        }
        // Also of a job that is deleted, whose name another one may have by now.
        let is_of_job = |task: &&Event| task.name.as_deref() == Some(title) && !world.checks.was_restored(&task.job_id);
        let tasks = world.broker.taken_by(process).filter(is_of_job);
        if world.checks.paid.are_stopped(process, tasks) {
            world.checks.broken("stopped means no further paid call", || format!("{title} is paid for: {what}"));
        }
        world.random.below(longest)
    });
    sim.sleep(Duration::from_millis(takes)).await;
    sim.with(|world| {
        let fails = world.rates.are_on && world.happens(world.rates.paid_fails);
        if fails {
            world.checks.paid.failed(what, process);
        }
        !fails
    })
}

/// The start of every line of a subtitle that is found, and of one that is translated.
const FOUND: &str = "La última barca deja el puerto de ";
pub(crate) const TRANSLATED: &str = "The last boat leaves the harbour of ";

/// Whether only an English subtitle exists.
fn is_foreign(title: &str) -> bool {
    title.starts_with("translated") || title.starts_with("glossary")
}

/// The subtitle as stored; its SHA-256 is part of the key of a translation's claim.
pub(crate) fn text(title: &str) -> String {
    let cues = if title.ends_with("-long") { 55 } else { 3 };
    let line = if is_foreign(title) { TRANSLATED } else { FOUND };
    let mut text = String::new();
    for at in 1..=cues {
        let _ = write!(text, "{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}{title}, {at}\n\n");
    }
    text
}

/// The failure of the source for a title, at first or always.
fn failure(title: &str, attempt: u32, now: jiff::Timestamp) -> Option<SourceError> {
    let away = |message: &str| Some(SourceError::new(SourceId::Library, SourceErrorKind::Unavailable, message));
    match title.split('-').next()? {
        "wordy" => away(&"the source is unavailable, in a long message, ".repeat(15)),
        "broken" => away("the source is always away"),
        "flaky" if attempt <= 2 => away("the source is away at first"),
        "quota" if attempt == 1 => {
            let renewed = Some(now + SignedDuration::from_secs(20));
            Some(SourceError::new(SourceId::Library, SourceErrorKind::Quota(renewed), "the quota is used up"))
        }
        _ => None,
    }
}

/// A source that bills each file.
pub(crate) struct PaidSource {
    sim: Sim,
    process: usize,
    libraries: Libraries,
    parser: Parser,
}

impl Search for PaidSource {
    fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    fn parser(&self) -> &Parser {
        &self.parser
    }

    fn missing_setting(&self, _: SourceId) -> Option<RequiredSetting> {
        None
    }

    async fn inspect(&self, _: &Video, _: &TaskBudget) -> VideoFacts {
        VideoFacts::default()
    }

    async fn list(&self, source: SourceId, request: &ListRequest<'_>) -> Result<Vec<FoundSubtitle>, SourceError> {
        let title = request.video.title.as_deref().unwrap_or_default();
        let attempt = request.seed.rsplit_once(':').and_then(|(_, attempt)| attempt.parse().ok()).unwrap_or(1);
        if let Some(error) = failure(title, attempt, self.sim.clock(self.process)) {
            return Err(error);
        }
        let has = if is_foreign(title) { "en" } else { "es" };
        let url = Url::parse(&format!("http://shelf/{title}")).expect("a URL");
        let fits =
            request.languages.iter().filter(|language| language.as_str() == has && !title.starts_with("hopeless"));
        let found = fits.map(|language| FoundSubtitle {
            source,
            label: title.to_owned(),
            language: language.clone(),
            forced: false,
            hearing_impaired: false,
            is_commentary: false,
            is_machine_translated: false,
            identity: title.to_owned(),
            video_match: VideoMatch::ThisVideo { is_default: false },
            origin: Ok(Origin::Offer(Offer::Link(url.clone()))),
        });
        Ok(found.collect())
    }

    async fn fetch(&self, found: &FoundSubtitle) -> Result<FetchedContent, SourceError> {
        let title = found.label.as_str();
        let longest = if title.starts_with("slow") { 240_000 } else { 3_000 };
        let what = sha256(found.identity.as_bytes())[..40].to_owned();
        if !pay(&self.sim, self.process, [title, &what, &format!("fetch-{what}")], longest).await {
            return Err(SourceError::new(found.source, SourceErrorKind::Unavailable, "the source is away"));
        }
        Ok(FetchedContent::Bytes(text(title).into_bytes()))
    }
}

/// The production downloader; some tasks end the session of the worker that receives them.
pub(crate) struct Poisonable(ProductDownloader);

type ProductDownloader = Downloader<PaidSource, SimRuntime>;

impl Work for Poisonable {
    type Task = DownloadRequested;
    const QUEUE: &'static str = ProductDownloader::QUEUE;
    const SOURCE: &'static str = ProductDownloader::SOURCE;

    fn claim(&self, subject: &Subject, task: &DownloadRequested) -> String {
        self.0.claim(subject, task)
    }

    async fn perform(
        &self,
        event: &Event,
        task: DownloadRequested,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(), StopReason> {
        if task.video_title.starts_with("poison") {
            return Err(BrokerError::ConsumerCancelled.into());
        }
        self.0.perform(event, task, reporter).await
    }
}

/// No library: no job here asks for a sidecar.
pub(crate) fn libraries() -> Libraries {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let client = || {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::new() // never called
    };
    Libraries::new(BTreeMap::new(), None, CLIENT.get_or_init(client).clone())
}

/// The downloader of a process.
pub(crate) fn downloader(sim: &Sim, process: usize, incarnation: u64, store: &Store) -> Poisonable {
    Poisonable(Downloader {
        store: store.clone(),
        finder: PaidSource { sim: sim.clone(), process, libraries: libraries(), parser: Parser::default() },
        order: vec![SourceId::Library],
        public_url: "http://example".to_owned(),
        metrics: WorkerMetrics::new("simulation").1,
        clock: SimRuntime::new(sim, process),
        claimant: Claimant::new(format!("{}/{incarnation}/fetch", name_of(process))),
        announcements: Observations::default(),
    })
}
