//! The translator: a stored subtitle comes in, its translation or the reason why there is none goes out.

use std::time::Duration;

use subtitle_broker::Publish;
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
    checkpoint::Checkpoint,
    clock::Clock,
    engine::Translate,
    failure::Failure,
    find::Sources,
    metrics::Metrics,
    named::exactly,
    report::{Gate, Reporter, Stopped},
    store::{Store, sha256},
    subtitle::Subtitle,
    task::Work,
    translate::{Engines, check, lines},
};

/// Cues in one call to an engine: small enough to show progress, large enough that starting one does not count.
const BATCH: usize = 50;

/// Translates subtitles.
pub struct Translator<E = Engines> {
    /// Where files come from and results go.
    pub store: Store,
    /// Where sidecars go.
    pub sources: Sources,
    /// What translates.
    pub engines: E,
    /// The order when a job names none.
    pub order: Vec<&'static str>,
    /// Where this system's API is reached.
    pub public_url: String,
    /// After how long it goes on as a new task: well before the broker's limit for one delivery.
    pub continue_after: Duration,
    /// What is counted.
    pub metrics: Metrics,
}

/// Everything about one translation but its text.
struct Pair<'a> {
    from: Language,
    to: Language,
    variants: Variants,
    engine: &'static str,
    subject: &'a Subject,
}

impl<E: Translate> Work for Translator<E> {
    type Task = TranslateRequested;
    const QUEUE: &'static str = TRANSLATE_QUEUE;
    const SOURCE: &'static str = source::TRANSLATOR;

    fn claim(&self, subject: &Subject, task: &TranslateRequested) -> String {
        // By text and pair, not by job: two jobs for one film pay once.
        format!("{}/claims/translate-{}-{}", subject.namespace, task.from.sha256, task.spec.language)
    }

    async fn perform(
        &self,
        event: &Event,
        task: TranslateRequested,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(), Stopped> {
        reporter.publish(&TranslateStarted { worker: reporter.worker() }).await?;
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

impl<E: Translate> Translator<E> {
    async fn translated<'a>(
        &self,
        task: &TranslateRequested,
        reporter: &'a Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(Artefact, Pair<'a>), Stopped> {
        let source = self.source(task).await?;
        let pair = self.pair(task, reporter.subject()).await?;
        let format = source.output_format(task.spec.output.format);
        let identity = format!("{}:{}:{}:{}", task.from.sha256, pair.from, pair.to, pair.engine);
        let key = artefact::key(&pair.subject.namespace, "translated", &identity, format);
        let kept = Checkpoint::open(&self.store, &pair.subject.namespace, &identity).await?;
        if let Some(artefact) = artefact::stored(&self.store, &key, &pair.to).await? {
            self.metrics.cache_hits.increment(["translated"]);
            let total = artefact.result.cues;
            kept.remove().await?;
            reporter.publish(&TranslateProgress { done: total, total }).await?;
            return Ok((artefact, pair));
        }
        let texts = self.texts(&source, task, &pair, &kept, reporter).await?;
        let rejected = |error| Failure::new(Reason::TranslationRejected, error);
        let translated = source.with_texts(texts).map_err(rejected)?;
        let artefact = artefact::store(&self.store, &key, &translated, format, &pair.to).await?;
        kept.remove().await?;
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
        kept: &Checkpoint,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
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
        let mut progress = TranslateProgress { done: 0, total };
        let mut has_paid = false;
        for (number, batch) in split.chunks(BATCH).enumerate() {
            if has_paid && reporter.held() >= self.continue_after {
                return Err(Stopped::Continues { done: progress.done });
            }
            let texts: Vec<String> =
                batch.iter().flatten().filter(|piece| piece.is_translatable).map(|piece| piece.text.clone()).collect();
            let at = Place { number, done: done_texts.len() };
            let (translated, is_new) = match kept.read(number, &texts).await? {
                Some(translated) => {
                    self.metrics.cache_hits.increment(["batch"]);
                    (translated, false)
                }
                None if texts.is_empty() => (Vec::new(), false),
                None => (self.batch(&texts, pair, at, kept, reporter).await?, true),
            };
            done_texts.extend(rebuilt(batch, &translated));
            sent.extend(texts);
            received.extend(translated);
            has_paid |= is_new;
            progress.done = u32::try_from(done_texts.len()).unwrap_or(u32::MAX);
            // What an earlier worker translated it has announced.
            if is_new || progress.done == total {
                reporter.publish(&progress).await?;
            }
        }
        if let Err(rejected) = check::check(&sent, &received) {
            // Another attempt must not be built from what was rejected as a whole.
            kept.remove().await?;
            return Err(self::rejected(pair, &rejected).into());
        }
        Ok(done_texts)
    }

    /// Pays for one batch, and keeps it before anything else can happen to it.
    async fn batch(
        &self,
        texts: &[String],
        pair: &Pair<'_>,
        at: Place,
        kept: &Checkpoint,
        gate: &dyn Gate,
    ) -> Result<Vec<String>, Stopped> {
        gate.pass()?;
        let seed = format!("{}:{}:{}", pair.subject.job_id, pair.subject.attempt, at.done);
        let translated = self.engines.translate(pair.engine, &pair.from, &pair.to, pair.variants, texts, &seed).await;
        let checked = translated.as_ref().map(|translated| check::check(texts, translated));
        let outcome = match checked {
            Ok(Ok(())) => "translated",
            Ok(Err(_)) => "rejected",
            Err(_) => "error",
        };
        self.metrics.engine_calls.increment([pair.engine, outcome]);
        if let Ok(Err(rejected)) = checked {
            return Err(self::rejected(pair, &rejected).into());
        }
        let reason = if pair.engine == SIMULATED { Reason::SimulatedFailure } else { Reason::EngineUnavailable };
        let translated = translated.map_err(|error| Failure::new(reason, error))?;
        kept.write(at.number, texts, &translated).await?;
        Ok(translated)
    }
}

/// Which batch it is, and how many cues are done before it.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    done: usize,
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
