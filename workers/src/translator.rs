//! The translator: a stored subtitle comes in, its translation or the reason why there is none goes out.

use subtitle_core::{
    event::{Event, source},
    job::{self, Variants},
    language::Language,
    names::{ENGINES, SIMULATED},
    payload::{Subject, TranslateProgress, TranslateRequested, TranslateStarted, Translated},
    reason::Reason,
    topology::TRANSLATE_QUEUE,
};

use crate::{
    artefact::{self, Artefact, download_url, write_sidecar},
    failure::Failure,
    find::Sources,
    named::exactly,
    run::{Reporter, Stopped, Work},
    store::{Store, sha256},
    subtitle::Subtitle,
    translate::{Engines, check, lines},
};

/// Cues in one call to an engine: small enough to show progress, large enough that starting one does not count.
const BATCH: usize = 50;

/// Translates subtitles.
pub struct Translator {
    /// Where files come from and results go.
    pub store: Store,
    /// Where sidecars go.
    pub sources: Sources,
    /// What translates.
    pub engines: Engines,
    /// The order when a job names none.
    pub order: Vec<&'static str>,
    /// Where this system's API is reached.
    pub public_url: String,
}

/// Everything about one translation but its text.
struct Pair<'a> {
    from: Language,
    to: Language,
    variants: Variants,
    engine: &'static str,
    subject: &'a Subject,
}

impl Work for Translator {
    type Task = TranslateRequested;
    const QUEUE: &'static str = TRANSLATE_QUEUE;
    const SOURCE: &'static str = source::TRANSLATOR;

    fn claim(&self, subject: &Subject, task: &TranslateRequested) -> String {
        // By text and pair, not by job: two jobs for one film pay once.
        format!("{}/claims/translate-{}-{}", subject.namespace, task.from.sha256, task.spec.language)
    }

    async fn perform(&self, event: &Event, task: TranslateRequested, reporter: &Reporter) -> Result<(), Stopped> {
        reporter.publish(&TranslateStarted { worker: reporter.worker.clone() }).await?;
        let (artefact, pair) = self.translated(&task, reporter).await?;
        write_sidecar(&self.sources, &task.spec, &artefact, &pair.to).await?;
        let download_url = download_url(&self.public_url, event);
        let result = job::JobResult {
            url: download_url.clone(),
            source: pair.engine.to_owned(),
            translated_from: Some(pair.from.to_string()),
            engine: Some(pair.engine.to_owned()),
            ..artefact.result
        };
        let translated = Translated {
            translated_path: result.key.clone(),
            source_language: pair.from.to_string(),
            target_language: pair.to.to_string(),
            download_url,
            result,
            simulated: pair.engine == SIMULATED,
        };
        reporter.publish(&translated).await?;
        Ok(())
    }
}

impl Translator {
    async fn translated<'a>(
        &self,
        task: &TranslateRequested,
        reporter: &'a Reporter,
    ) -> Result<(Artefact, Pair<'a>), Stopped> {
        let source = self.source(task).await?;
        let pair = self.pair(task, reporter.subject()).await?;
        let format = source.output_format(task.spec.output.format);
        let identity = format!("{}:{}:{}:{}", task.from.sha256, pair.from, pair.to, pair.engine);
        let key = artefact::key(&pair.subject.namespace, "translated", &identity, format);
        if let Some(artefact) = artefact::stored(&self.store, &key, &pair.to).await? {
            let total = artefact.result.cues;
            reporter.publish(&TranslateProgress { done: total, total }).await?;
            return Ok((artefact, pair));
        }
        let texts = self.texts(&source, task, &pair, reporter).await?;
        let rejected = |error| Failure::new(Reason::TranslationRejected, error);
        let translated = source.with_texts(texts).map_err(rejected)?;
        let artefact = artefact::store(&self.store, &key, &translated, format, &pair.to).await?;
        Ok((artefact, pair))
    }

    /// The file to translate, as it was when it was chosen.
    async fn source(&self, task: &TranslateRequested) -> Result<Subtitle, Failure> {
        let stored = artefact::read(&self.store, &task.from.key).await?;
        let missing = |what: &str| Failure::new(Reason::StoreUnavailable, format!("'{}' {what}", task.from.key));
        let (text, subtitle) = stored.ok_or_else(|| missing("is not in the object store any more"))?;
        if sha256(text.as_bytes()) != task.from.sha256 {
            return Err(missing("is not the file that was chosen: its SHA-256 differs"));
        }
        Ok(subtitle)
    }

    /// The first engine that knows the pair.
    async fn pair<'a>(&self, task: &TranslateRequested, subject: &'a Subject) -> Result<Pair<'a>, Failure> {
        let invalid = |message: String| Failure::new(Reason::InvalidSpec, message);
        let parse = |tag: &str| Language::parse(tag).map_err(|error| invalid(error.to_string()));
        let (from, to) = (parse(&task.from.language)?, parse(&task.spec.language)?);
        let variants = task.spec.translation.variants;
        let order: Vec<&'static str> = match &task.spec.translation.engines {
            None => self.order.clone(),
            Some(named) => exactly("spec.translation.engines", "translator", &ENGINES, named)?,
        };
        let mut broken = None;
        for engine in &order {
            match self.engines.knows(engine, &from, &to, variants).await {
                Ok(true) => return Ok(Pair { from, to, variants, engine, subject }),
                Ok(false) => {}
                Err(error) => broken = Some(error),
            }
        }
        Err(match broken {
            Some(error) => Failure::new(Reason::EngineUnavailable, error),
            None => Failure::new(
                Reason::LanguagePairUnsupported,
                format!("none of the engines {} translates from '{from}' to '{to}'", order.join(", ")),
            ),
        })
    }

    async fn texts(
        &self,
        source: &Subtitle,
        task: &TranslateRequested,
        pair: &Pair<'_>,
        reporter: &Reporter,
    ) -> Result<Vec<String>, Stopped> {
        let split = lines::split_all(source.format, &source.cues);
        let characters: usize = split.iter().flatten().map(|piece| piece.text.chars().count()).sum();
        if let Some(limit) = task.spec.translation.max_characters
            && characters > usize::try_from(limit).unwrap_or(usize::MAX)
        {
            let message = format!("{characters} characters would be sent; spec.translation.maxCharacters is {limit}");
            return Err(Failure::new(Reason::CostLimitExceeded, message).into());
        }
        let total = u32::try_from(source.cues.len()).unwrap_or(u32::MAX);
        let mut done_texts = Vec::with_capacity(source.cues.len());
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        for batch in split.chunks(BATCH) {
            let texts: Vec<String> =
                batch.iter().flatten().filter(|piece| piece.is_translatable).map(|piece| piece.text.clone()).collect();
            let translated =
                if texts.is_empty() { Vec::new() } else { self.batch(&texts, pair, done_texts.len()).await? };
            check::check(&texts, &translated).map_err(|rejected| self::rejected(pair, &rejected))?;
            done_texts.extend(rebuilt(batch, &translated));
            sent.extend(texts);
            received.extend(translated);
            let done = u32::try_from(done_texts.len()).unwrap_or(u32::MAX);
            reporter.publish(&TranslateProgress { done, total }).await?;
        }
        check::check(&sent, &received).map_err(|rejected| self::rejected(pair, &rejected))?;
        Ok(done_texts)
    }

    async fn batch(&self, texts: &[String], pair: &Pair<'_>, done: usize) -> Result<Vec<String>, Failure> {
        let seed = format!("{}:{}:{done}", pair.subject.job_id, pair.subject.attempt);
        let translated = self.engines.translate(pair.engine, &pair.from, &pair.to, pair.variants, texts, &seed).await;
        let reason = if pair.engine == SIMULATED { Reason::SimulatedFailure } else { Reason::EngineUnavailable };
        translated.map_err(|error| Failure::new(reason, error))
    }
}

fn rejected(pair: &Pair<'_>, rejected: &check::Rejected) -> Failure {
    Failure::new(
        Reason::TranslationRejected,
        format!("'{}' from {} to {}: {rejected}", pair.engine, pair.from, pair.to),
    )
}

/// The cues' texts, with the translations where the pieces were.
fn rebuilt(split: &[Vec<lines::Piece>], translated: &[String]) -> Vec<String> {
    let mut translated = translated.iter();
    let text = |pieces: &Vec<lines::Piece>| {
        let texts: Vec<&str> = pieces
            .iter()
            .map(|piece| {
                if piece.is_translatable { translated.next().unwrap_or(&piece.text) } else { &piece.text }.as_str()
            })
            .collect();
        lines::join(pieces, &texts)
    };
    split.iter().map(text).collect()
}
