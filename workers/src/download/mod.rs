//! The downloader: a question comes in; the subtitle, a request to translate another one, or the reason why there
//! is none goes out.
//!
//! ```text
//!  question ── look (ask sources) ──▶ candidates ── take (choose, fetch once, open) ──▶ a file in the store
//!                     ▲                                   │ none is usable
//!                     └── while others were not asked ────┴──▶ nothing (why)
//! ```

mod look;
mod nothing;
mod once;
mod take;

use subtitle_broker::Publish;
use subtitle_contract::{
    event::{Event, source},
    job::{self, Candidate, TranslationPolicy},
    language::Language,
    payload::{DownloadRequested, DownloadStarted, Ready, Subject, TranslateRequested},
    reason::Reason,
    topology::DOWNLOAD_QUEUE,
};

use crate::{
    artefact::{Artefact, Author, download_url, write_sidecar},
    clock::{Clock, SystemClock},
    failure::Failure,
    find::Finder,
    metrics::Metrics,
    report::{Gate, Reporter, Stopped},
    search::Search,
    store::Store,
    task::Work,
    translate::announced,
};
use look::Looked;
use take::Taken;

/// Finds subtitles.
pub struct Downloader<S = Finder, C = SystemClock> {
    /// Where results go.
    pub store: Store,
    /// Where to look.
    pub finder: S,
    /// The order when a job names none.
    pub order: Vec<&'static str>,
    /// Where this system's API is reached.
    pub public_url: String,
    /// What is counted.
    pub metrics: Metrics,
    /// The time.
    pub clock: C,
}

fn invalid(message: impl std::fmt::Display) -> Failure {
    Failure::new(Reason::InvalidSpec, message)
}

fn parse(tag: &str) -> Result<Language, Failure> {
    Language::parse(tag).map_err(invalid)
}

impl<S: Search, W: Clock> Work for Downloader<S, W> {
    type Task = DownloadRequested;
    const QUEUE: &'static str = DOWNLOAD_QUEUE;
    const SOURCE: &'static str = source::DOWNLOADER;

    fn claim(&self, subject: &Subject, _: &DownloadRequested) -> String {
        format!("{}/claims/download-{}", subject.namespace, subject.job_id)
    }

    async fn perform(
        &self,
        event: &Event,
        task: DownloadRequested,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(), Stopped> {
        let warnings = self.wished(&task).1;
        reporter.publish(&DownloadStarted { worker: reporter.worker(), warnings }).await?;
        let answer = self.answer(&task, reporter.subject(), reporter).await?;
        match answer {
            Answer::Ready { artefact, candidates, simulated } => {
                let download_url = download_url(&self.public_url, event);
                let result = job::JobResult { url: download_url.clone(), ..artefact.result };
                let (subtitle_path, language) = (result.key.clone(), result.language.clone());
                let ready = Ready { subtitle_path, language, download_url, result, candidates, simulated };
                reporter.publish(&ready).await?;
            }
            Answer::Translate { from, candidates } => {
                let request = TranslateRequested {
                    subtitle_file_path: from.key.clone(),
                    source_language: from.language.clone(),
                    target_language: task.spec.language.clone(),
                    from,
                    spec: task.spec,
                    glossary: task.glossary,
                    candidates,
                };
                reporter.publish(&request).await?;
            }
        }
        Ok(())
    }
}

/// What the downloader makes of a question.
#[expect(clippy::large_enum_variant, reason = "there is one of it a task")]
pub enum Answer {
    /// The subtitle in the language that was asked for.
    Ready {
        /// The file.
        artefact: Artefact,
        /// What was considered.
        candidates: Vec<Candidate>,
        /// Whether it is made up.
        simulated: bool,
    },
    /// Another language's, to be translated.
    Translate {
        /// The file.
        from: job::Artefact,
        /// What was considered.
        candidates: Vec<Candidate>,
    },
}

impl<S: Search, C: Clock> Downloader<S, C> {
    /// Looks, chooses, fetches and stores.
    pub async fn answer(
        &self,
        task: &DownloadRequested,
        subject: &Subject,
        gate: &dyn Gate,
    ) -> Result<Answer, Stopped> {
        let spec = &task.spec;
        let wanted = parse(&spec.language)?;
        let from: Vec<Language> = spec.translation.from.iter().map(|tag| parse(tag)).collect::<Result<_, _>>()?;
        let from: Vec<Language> = from.into_iter().filter(|language| !wanted.accepts(language)).collect();
        let order = self.order(task)?;
        let policy = spec.translation.policy;
        let now = self.clock.now();
        let (from, refusal) = announced::worthwhile(&self.store, from, &wanted, &spec.translation, now).await?;
        // What nobody can translate is not worth a download; what nobody may have found is not even worth a question.
        let refusal = refusal.filter(|_| from.is_empty());
        if let (TranslationPolicy::Always, Some(refusal)) = (policy, refusal.as_ref()) {
            return Err(Failure::new(refusal.reason, &refusal.message).into());
        }
        let mut languages = Vec::new();
        if policy != TranslationPolicy::Always {
            languages.push(wanted.clone());
        }
        if policy != TranslationPolicy::Never {
            languages.extend(from.iter().cloned());
        }
        let mut looked = Looked::default();
        let mut taken = None;
        for (at, language) in languages.iter().enumerate() {
            // The first is looked for until it is had or everybody was asked; then the others are taken from what there is.
            while taken.is_none() {
                self.look(&mut looked, &order, task, subject, &languages).await;
                taken = self.take(&mut looked, language, task, subject, gate).await?;
                if looked.asked == order.len() {
                    break;
                }
            }
            let Some(Taken { artefact, candidates, simulated }) = taken.take() else { continue };
            if at == 0 && policy != TranslationPolicy::Always {
                write_sidecar(self.finder.sources(), spec, &artefact, &wanted, Author::Unknown).await?;
                return Ok(Answer::Ready { artefact, candidates, simulated });
            }
            let result = artefact.result;
            let from = job::Artefact { key: result.key, language: result.language, sha256: result.sha256 };
            return Ok(Answer::Translate { from, candidates });
        }
        let nothing = self.nothing(looked, &wanted, &from, &order, task).await;
        Err(match refusal {
            Some(refusal) if nothing.reason == Reason::NoSubtitleFound => {
                let message = format!("no '{wanted}' subtitle was found, and {}", refusal.message);
                Failure { candidates: nothing.candidates, ..Failure::new(refusal.reason, message) }
            }
            _ => nothing,
        }
        .into())
    }
}
