//! The translator: a stored subtitle comes in, its translation or the reason why there is none goes out.

use std::time::Duration;

use subtitle_broker::Publish;
use subtitle_core::{
    event::{Event, source},
    job::{self, Partial},
    language::Language,
    names::ENGINES,
    payload::{Subject, TranslateProgress, TranslateRequested, TranslateStarted, Translated},
    reason::Reason,
    topology::TRANSLATE_QUEUE,
};

use crate::{
    artefact::{self, Artefact, Author, download_url, write_sidecar},
    checkpoint::Checkpoint,
    clock::Clock,
    engine::Translate,
    failure::Failure,
    find::Sources,
    metrics::Metrics,
    named::exactly,
    report::{Reporter, Stopped},
    store::{Store, sha256},
    subtitle::Subtitle,
    task::Work,
    translate::{
        Engines,
        batch::{Asker, Ordered},
        chain,
        check::{self, Rejected},
        filled::{Filled, refused_if_empty},
        lines, sentences,
    },
};

/// Cues in one call to an engine: small enough that one lost costs little, large enough for its context.
const BATCH: usize = 50;
/// For an engine that costs nothing but its start: a third of a second's work.
const BATCH_OF_FREE: usize = 500;
/// Engines that start anew for every call, and gain by whole sentences.
const FREE: [&str; 2] = ["apertium", "apertium-apy"];

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
        let (artefact, ordered) = self.translated(&task, reporter).await?;
        write_sidecar(&self.sources, &task.spec, &artefact, &ordered.to, Author::Machine).await?;
        let download_url = download_url(&self.public_url, event);
        let engine = ordered.route.engine;
        let result = job::JobResult {
            url: download_url.clone(),
            source: engine.to_owned(),
            translated_from: Some(ordered.from.to_string()),
            engine: Some(engine.to_owned()),
            ..artefact.result
        };
        let translated = Translated {
            translated_path: result.key.clone(),
            source_language: ordered.from.to_string(),
            target_language: ordered.to.to_string(),
            download_url,
            result,
            simulated: !ordered.is_real(),
        };
        reporter.publish(&translated).await?;
        Ok(())
    }
}

impl<E: Translate> Translator<E> {
    /// By the first engine that is there; one that refuses a text is not replaced by another.
    async fn translated<'a>(
        &self,
        task: &TranslateRequested,
        reporter: &'a Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(Artefact, Ordered<'a>), Stopped> {
        let source = self.source(task).await?;
        let (from, to) = languages(task)?;
        let policy = &task.spec.translation;
        let order: Vec<&'static str> = match &policy.engines {
            None => self.order.clone(),
            Some(named) => exactly("spec.translation.engines", "translator", &ENGINES, named)?,
        };
        let routes = chain::routes(&self.engines, &order, &from, &to, policy).await?;
        let mut away: Option<Failure> = None;
        for route in routes {
            let engine = route.engine;
            let (from, to, partial) = (from.clone(), to.clone(), policy.partial);
            let ordered = Ordered { from, to, route, partial, subject: reporter.subject() };
            match self.by(&source, task, &ordered, reporter).await {
                Err(Stopped::Failed(failure)) if failure.reason == Reason::EngineUnavailable => {
                    tracing::warn!(engine, %failure, "the engine is away: the next one is asked");
                    // The one that is back first is worth waiting for.
                    let is_sooner = away.as_ref().is_none_or(|known| failure.not_before < known.not_before);
                    if is_sooner {
                        away = Some(failure);
                    }
                }
                artefact => return Ok((artefact?, ordered)),
            }
        }
        let nobody = || Failure::new(Reason::EngineUnavailable, "no engine was asked");
        Err(away.unwrap_or_else(nobody).into())
    }

    async fn by(
        &self,
        source: &Subtitle,
        task: &TranslateRequested,
        ordered: &Ordered<'_>,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<Artefact, Stopped> {
        let Ordered { from, to, route, subject, .. } = ordered;
        tracing::info!(engine = route.engine, tier = ?route.tier, via = ?route.via, %from, %to, "translates");
        let format = source.output_format(task.spec.output.format);
        let sounds = task.spec.translation.hearing_impaired;
        // A text with gaps must not be found by a job that forbids them.
        let partial = task.spec.translation.partial;
        let identity = format!("{}:{from}:{to}:{}:{sounds:?}:{partial:?}", task.from.sha256, route.identity());
        let key = artefact::key(&subject.namespace, "translated", &identity, format);
        let kept = Checkpoint::open(&self.store, &subject.namespace, &identity).await?;
        if let Some(artefact) = artefact::stored(&self.store, &key, to).await? {
            self.metrics.cache_hits.increment(["translated"]);
            let total = artefact.result.cues;
            kept.remove().await?;
            reporter.publish(&TranslateProgress { done: total, total }).await?;
            return Ok(artefact);
        }
        let texts = self.texts(source, task, ordered, &kept, reporter).await?;
        let rejected = |error| Failure::new(Reason::TranslationRejected, error);
        let translated = source.clone().with_texts(texts).map_err(rejected)?;
        check::frame(source, &translated).map_err(|rejected| ordered.rejected(&rejected))?;
        let artefact = artefact::store(&self.store, &key, &translated, format, to).await?;
        kept.remove().await?;
        Ok(artefact)
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

    async fn texts(
        &self,
        source: &Subtitle,
        task: &TranslateRequested,
        ordered: &Ordered<'_>,
        kept: &Checkpoint,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<Vec<String>, Stopped> {
        let split = lines::split_all(source.format, &source.cues, task.spec.translation.hearing_impaired);
        within_limit(&split, task)?;
        let total = u32::try_from(source.cues.len()).unwrap_or(u32::MAX);
        let asker = Asker { engines: &self.engines, metrics: &self.metrics, ordered, gate: reporter };
        let mut filled = Filled::default();
        let mut progress = TranslateProgress { done: 0, total };
        let mut has_paid = false;
        let size = if FREE.contains(&ordered.route.engine) { BATCH_OF_FREE } else { BATCH };
        for (number, batch) in split.chunks(size).enumerate() {
            if has_paid && reporter.held() >= self.continue_after {
                return Err(Stopped::Continues { done: progress.done });
            }
            let texts: Vec<String> =
                batch.iter().flatten().filter(|piece| piece.is_translatable).map(|piece| piece.text.clone()).collect();
            let done = number * size;
            let (answers, is_new) = match kept.read(number, &texts).await? {
                Some(answers) => {
                    self.metrics.cache_hits.increment(["batch"]);
                    (answers.into_iter().map(refused_if_empty).collect(), false)
                }
                None if texts.is_empty() => (Vec::new(), false),
                None => {
                    let is_joined = FREE.contains(&ordered.route.engine);
                    let cues = source.cues.get(done..).filter(|_| is_joined).unwrap_or_default();
                    let joins = sentences::found(cues, batch);
                    (asker.batch(&texts, &joins, done).await?, true)
                }
            };
            let refused = filled.add(batch, &answers, done);
            if !refused.is_empty() && ordered.partial == Partial::Forbid {
                let rejected = Rejected::Cues { violations: refused, all: texts.len() };
                return Err(ordered.rejected(&rejected).into());
            }
            if is_new {
                // Kept before anything else can happen to it; a text is empty where the engine has none.
                let kept_texts: Vec<String> = answers.into_iter().map(Result::unwrap_or_default).collect();
                kept.write(number, &texts, &kept_texts).await?;
            }
            has_paid |= is_new;
            progress.done = u32::try_from(done + batch.len()).unwrap_or(u32::MAX);
            // What an earlier worker translated it has announced.
            if is_new || progress.done == total {
                reporter.publish(&progress).await?;
            }
        }
        if let Err(rejected) = check::whole(&filled.lines(), ordered.pair()) {
            // Another attempt must not be built from what was rejected as a whole.
            kept.remove().await?;
            return Err(ordered.rejected(&rejected).into());
        }
        if !filled.refused.is_empty() {
            tracing::warn!(cues = ?filled.refused, "these cues stay untranslated, as spec.translation.partial allows");
        }
        Ok(filled.texts)
    }
}

fn languages(task: &TranslateRequested) -> Result<(Language, Language), Failure> {
    let invalid = |message: String| Failure::new(Reason::InvalidSpec, message);
    let parse = |tag: &str| Language::parse(tag).map_err(|error| invalid(error.to_string()));
    Ok((parse(&task.from.language)?, parse(&task.spec.language)?))
}

/// Counts characters before any is sent.
fn within_limit(split: &[Vec<lines::Piece>], task: &TranslateRequested) -> Result<(), Failure> {
    let characters: usize = split.iter().flatten().map(|piece| piece.text.chars().count()).sum();
    match task.spec.translation.max_characters {
        Some(limit) if characters > usize::try_from(limit).unwrap_or(usize::MAX) => {
            let message = format!("{characters} characters would be sent; spec.translation.maxCharacters is {limit}");
            Err(Failure::new(Reason::CostLimitExceeded, message))
        }
        _ => Ok(()),
    }
}
