//! The downloader: a question comes in; the subtitle, a request to translate another one, or the reason why there
//! is none goes out.

use subtitle_broker::Publish;
use subtitle_core::{
    event::{Event, source},
    job::{self, Candidate, MachineTranslated, TranslationPolicy},
    language::Language,
    names::{SIMULATED, SOURCES, known},
    payload::{DownloadRequested, DownloadStarted, Ready, Subject, TranslateRequested},
    reason::Reason,
    record::{display_name, location},
    topology::DOWNLOAD_QUEUE,
};

use crate::{
    artefact::{self, Artefact, download_url, write_sidecar},
    clock::Clock,
    failure::Failure,
    find::{Content, Found, SourceError, Sources, select},
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
};

/// Finds subtitles.
pub struct Downloader {
    /// Where results go.
    pub store: Store,
    /// Where to look.
    pub sources: Sources,
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
                    candidates,
                };
                reporter.publish(&request).await?;
            }
        }
        Ok(())
    }
}

/// What the downloader makes of a question.
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
        let mut languages = Vec::new();
        if policy != TranslationPolicy::Always {
            languages.push(wanted.clone());
        }
        if policy != TranslationPolicy::Never {
            languages.extend(from.iter().cloned());
        }
        let looked = self.look(&order, task, subject, &languages).await;
        if policy != TranslationPolicy::Always
            && let Some(Taken { artefact, candidates, simulated }) =
                self.take(&looked, &wanted, task, subject, gate).await?
        {
            write_sidecar(&self.sources, spec, &artefact, &wanted).await?;
            return Ok(Answer::Ready { artefact, candidates, simulated });
        }
        if policy != TranslationPolicy::Never {
            for language in &from {
                if let Some(Taken { artefact, candidates, .. }) =
                    self.take(&looked, language, task, subject, gate).await?
                {
                    let result = artefact.result;
                    let from = job::Artefact { key: result.key, language: result.language, sha256: result.sha256 };
                    return Ok(Answer::Translate { from, candidates });
                }
            }
        }
        Err(self.nothing(looked, &wanted, &from, &order, task).await.into())
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

    /// Asks source after source, and stops at the first that has the first language.
    async fn look(
        &self,
        order: &[&'static str],
        task: &DownloadRequested,
        subject: &Subject,
        languages: &[Language],
    ) -> Looked {
        let mut looked = Looked { found: Vec::new(), errors: Vec::new() };
        let seed = format!("{}:{}", subject.job_id, subject.attempt);
        for (rank, source) in order.iter().enumerate() {
            let listed = self.sources.list(source, &task.spec.video, languages, &seed).await;
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
            if first.is_some_and(|first| !select::choose(&looked.found, first, &task.spec).order.is_empty()) {
                break;
            }
        }
        looked
    }

    /// Fetches the best of one language that turns out to be usable; none if there is none.
    async fn take(
        &self,
        looked: &Looked,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
        gate: &dyn Gate,
    ) -> Result<Option<Taken>, Stopped> {
        let mut last = None;
        let choice = select::choose(&looked.found, language, &task.spec);
        for at in choice.order.iter().copied() {
            let found = &looked.found[at].1;
            gate.pass()?;
            match self.fetch(found, language, task, subject).await {
                Ok(artefact) => {
                    let candidates = select::candidates(&looked.found, &choice, Some(at));
                    return Ok(Some(Taken { artefact, candidates, simulated: found.source == SIMULATED }));
                }
                Err(failure) if failure.reason == Reason::StoreUnavailable => return Err(failure.into()),
                Err(failure) => last = Some(failure),
            }
        }
        last.map_or(Ok(None), |failure| Err(failure.into()))
    }

    async fn fetch(
        &self,
        found: &Found,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
    ) -> Result<Artefact, Failure> {
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
        let content = self.sources.fetch(found).await;
        let outcome = if content.is_ok() { "found" } else { "error" };
        self.metrics.source_requests.increment([found.source, "fetch", outcome]);
        let content = content.map_err(|error| Failure::new(Reason::SourceUnavailable, error))?;
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

    /// Why there is nothing: a source that could not be asked is not the same as one that has none.
    async fn nothing(
        &self,
        looked: Looked,
        wanted: &Language,
        from: &[Language],
        order: &[&'static str],
        task: &DownloadRequested,
    ) -> Failure {
        let choice = select::choose(&looked.found, wanted, &task.spec);
        let candidates = select::candidates(&looked.found, &choice, None);
        let video = display_name(&task.spec.video);
        let mut failure = if let Some(error) = looked.errors.first() {
            let simulated = error.source_name == SIMULATED;
            let reason = if simulated { Reason::SimulatedFailure } else { Reason::SourceUnavailable };
            Failure::new(reason, error)
        } else if self.sources.is_missing(&task.spec.video).await {
            let (path, library) = (location(&task.spec.video), &task.spec.video.library);
            Failure::new(
                Reason::VideoUnavailable,
                format!("'{path}' is not in library '{library}', and no subtitle for it was found"),
            )
        } else {
            let mut message = format!("no '{wanted}' subtitle for {video} in: {}", order.join(", "));
            match (task.spec.translation.policy, from) {
                (TranslationPolicy::Never, _) => message.push_str("; spec.translation.policy is Never"),
                (_, []) => message.push_str("; spec.translation.from names no other language"),
                (_, from) => {
                    let from: Vec<&str> = from.iter().map(Language::as_str).collect();
                    message.push_str("; nothing to translate from in: ");
                    message.push_str(&from.join(", "));
                }
            }
            if task.spec.video.url.is_some() {
                message.push_str("; tracks inside a video.url are not read by this version, use video.path");
            }
            if task.spec.selection.machine_translated == MachineTranslated::Allow {
                message.push_str("; no source of this version marks machine translations");
            }
            Failure::new(Reason::NoSubtitleFound, message)
        };
        failure.candidates = candidates;
        failure
    }
}
