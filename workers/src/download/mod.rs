//! The downloader: a question comes in; the subtitle, a request to translate another one, or the reason why there
//! is none goes out.

mod nothing;

use subtitle_broker::Publish;
use subtitle_core::{
    event::{Event, source},
    job::{self, Candidate, TranslationPolicy},
    language::Language,
    names::{SIMULATED, SOURCES, known},
    payload::{DownloadRequested, DownloadStarted, Ready, Subject, TranslateRequested},
    reason::Reason,
    topology::DOWNLOAD_QUEUE,
};

use crate::{
    artefact::{self, Artefact, download_url, write_sidecar},
    clock::Clock,
    failure::Failure,
    find::{Content, Finder, Found, Origin, SourceError, select},
    metrics::Metrics,
    named::exactly,
    report::{Gate, Reporter, Stopped},
    store::Store,
    subtitle::{
        Format, Subtitle,
        container::Episode,
        file::{self, Unreadable},
    },
    task::Work,
    translate::announced,
};

/// Finds subtitles.
pub struct Downloader {
    /// Where results go.
    pub store: Store,
    /// Where to look.
    pub finder: Finder,
    /// The order when a job names none.
    pub order: Vec<&'static str>,
    /// Where this system's API is reached.
    pub public_url: String,
    /// What is counted.
    pub metrics: Metrics,
}

/// What looking gave.
#[derive(Debug)]
struct Looked {
    found: Vec<(usize, Found)>,
    errors: Vec<SourceError>,
    /// Those that were fetched and are of no use, with why.
    bad: Vec<(usize, Failure)>,
}

impl Looked {
    fn candidates(&self, choice: &select::Choice, taken: Option<usize>) -> Vec<Candidate> {
        let bad: Vec<(usize, String)> = self.bad.iter().map(|(at, failure)| (*at, failure.message.clone())).collect();
        select::candidates(&self.found, choice, taken, &bad)
    }
}

/// Why a candidate gave no subtitle.
enum Unfetched {
    /// Its source did not give it: another time it may.
    Source(SourceError),
    /// Its file is of no use, or could not be stored.
    File(Failure),
}

impl From<Failure> for Unfetched {
    fn from(failure: Failure) -> Self {
        Self::File(failure)
    }
}

/// What was taken for one language.
struct Taken {
    artefact: Artefact,
    candidates: Vec<Candidate>,
    simulated: bool,
}

fn invalid(message: impl std::fmt::Display) -> Failure {
    Failure::new(Reason::InvalidSpec, message)
}

fn parse(tag: &str) -> Result<Language, Failure> {
    Language::parse(tag).map_err(invalid)
}

/// The cues in a file's bytes, if they are what was asked for.
fn opened(bytes: &[u8], found: &Found, language: &Language, video: &job::Video) -> Result<Subtitle, Failure> {
    let episode = video.episodes.as_ref().and_then(|episodes| {
        let (first, last) = (*episodes.iter().min()?, *episodes.iter().max()?);
        Some(Episode { season: video.season, first, last })
    });
    let declared = file::Declared { language: Some(language), episode, frame_rate: None };
    let file = file::read(bytes, &declared).map_err(|error| {
        let reason = match error {
            Unreadable::Undecodable(_) => Reason::UndecodableText,
            Unreadable::Packed(_) | Unreadable::Unusable(_) => Reason::UnusableSubtitle,
        };
        Failure::new(reason, format!("{}: {error}", found.label))
    })?;
    match file.mismatch {
        // The simulated source makes up its text in English, whatever the language.
        Some(other) if found.source != SIMULATED => {
            let message = format!("{}: its text is in {other}, not in '{language}' as it says", found.label);
            Err(Failure::new(Reason::UnusableSubtitle, message))
        }
        _ => Ok(file.subtitle),
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
        event: &Event,
        task: DownloadRequested,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(), Stopped> {
        reporter.publish(&DownloadStarted { worker: reporter.worker() }).await?;
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

impl Downloader {
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
        let now = jiff::Timestamp::now();
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
        let mut looked = self.look(&order, task, subject, &languages).await;
        if policy != TranslationPolicy::Always
            && let Some(Taken { artefact, candidates, simulated }) =
                self.take(&mut looked, &wanted, task, subject, gate).await?
        {
            write_sidecar(&self.finder.sources, spec, &artefact, &wanted).await?;
            return Ok(Answer::Ready { artefact, candidates, simulated });
        }
        if policy != TranslationPolicy::Never {
            for language in &from {
                if let Some(Taken { artefact, candidates, .. }) =
                    self.take(&mut looked, language, task, subject, gate).await?
                {
                    let result = artefact.result;
                    let from = job::Artefact { key: result.key, language: result.language, sha256: result.sha256 };
                    return Ok(Answer::Translate { from, candidates });
                }
            }
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

    /// The sources to ask: exactly the spec's, else the wished ones that are known, else this worker's own order.
    fn order(&self, task: &DownloadRequested) -> Result<Vec<&'static str>, Failure> {
        if let Some(named) = &task.spec.sources {
            return exactly("spec.sources", "downloader", &SOURCES, named);
        }
        let wished: Vec<&'static str> =
            task.preferred_sources.iter().filter_map(|name| known(&SOURCES, name)).collect();
        Ok(if wished.is_empty() { self.order.clone() } else { wished })
    }

    /// Asks source after source, and stops at the first that has the first language for certain: what a provider
    /// lists may be for another video, and the next one may have better.
    async fn look(
        &self,
        order: &[&'static str],
        task: &DownloadRequested,
        subject: &Subject,
        languages: &[Language],
    ) -> Looked {
        let mut looked = Looked { found: Vec::new(), errors: Vec::new(), bad: Vec::new() };
        let seed = format!("{}:{}", subject.job_id, subject.attempt);
        for (rank, source) in order.iter().enumerate() {
            let listed = self.finder.list(source, &task.spec.video, languages, &seed).await;
            let outcome = match &listed {
                Ok(found) if found.is_empty() => "nothing",
                Ok(_) => "found",
                Err(_) => "error",
            };
            self.metrics.source_requests.increment([source, "list", outcome]);
            match listed {
                Ok(found) => looked.found.extend(found.into_iter().map(|one| (rank, one))),
                Err(error) => looked.errors.push(error),
            }
            let first = languages.first();
            if first.is_some_and(|first| select::choose(&looked.found, first, &task.spec).is_certain(&looked.found)) {
                break;
            }
        }
        looked
    }

    /// Fetches the best of one language that turns out to be usable; none if there is none. A bad file makes room for
    /// the next candidate; at most `spec.selection.maxDownloads` that count against a quota are fetched.
    async fn take(
        &self,
        looked: &mut Looked,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
        gate: &dyn Gate,
    ) -> Result<Option<Taken>, Stopped> {
        let choice = select::choose(&looked.found, language, &task.spec);
        let mut paid = 0;
        for at in choice.order.iter().copied() {
            let found = looked.found[at].1.clone();
            if found.origin.as_ref().is_ok_and(Origin::is_paid) {
                if paid == task.spec.selection.max_downloads {
                    break;
                }
                paid += 1;
            }
            gate.pass()?;
            match self.fetch(&found, language, task, subject).await {
                Ok(artefact) => {
                    let candidates = looked.candidates(&choice, Some(at));
                    return Ok(Some(Taken { artefact, candidates, simulated: found.source == SIMULATED }));
                }
                Err(Unfetched::Source(error)) => {
                    let failure = Failure::new(error.reason(), &error);
                    looked.errors.push(error);
                    looked.bad.push((at, failure));
                }
                Err(Unfetched::File(failure)) if failure.reason == Reason::StoreUnavailable => {
                    return Err(failure.into());
                }
                Err(Unfetched::File(failure)) => looked.bad.push((at, failure)),
            }
        }
        Ok(None)
    }

    async fn fetch(
        &self,
        found: &Found,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
    ) -> Result<Artefact, Unfetched> {
        let key_in = |format| artefact::key(&subject.namespace, "found", &found.identity, format);
        let stored_formats = match task.spec.output.format {
            job::OutputFormat::WebVtt => &[Format::WebVtt][..],
            job::OutputFormat::Original => &[Format::Srt, Format::WebVtt, Format::Ass][..],
            job::OutputFormat::Srt => &[Format::Srt][..],
            job::OutputFormat::Ass => &[Format::Ass][..],
        };
        let source = found.source.to_owned();
        // A file under this key was made of these very bytes, but `Original` may mean any format.
        if let [format] = stored_formats
            && let Some(artefact) = artefact::stored(&self.store, &key_in(*format), language).await?
        {
            self.metrics.cache_hits.increment(["found"]);
            return Ok(Artefact { result: job::JobResult { source, ..artefact.result }, ..artefact });
        }
        let content = self.finder.fetch(found).await;
        let outcome = if content.is_ok() { "found" } else { "error" };
        self.metrics.source_requests.increment([found.source, "fetch", outcome]);
        let content = content.map_err(Unfetched::Source)?;
        let subtitle = match content {
            Content::Cues(cues) => Subtitle::from_cues(cues).map_err(|_| {
                Failure::new(Reason::UnusableSubtitle, format!("{} of the video has no text", found.label))
            }),
            Content::Bytes(bytes) => opened(&bytes, found, language, &task.spec.video),
        }?;
        let format = subtitle.output_format(task.spec.output.format);
        let artefact = artefact::store(&self.store, &key_in(format), &subtitle, format, &found.language).await?;
        Ok(Artefact { result: job::JobResult { source, ..artefact.result }, ..artefact })
    }
}
