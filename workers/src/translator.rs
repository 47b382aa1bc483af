//! The translator: a stored subtitle comes in, its translation or the reason why there is none goes out.

use std::time::Duration;

use subtitle_broker::Publish;
use subtitle_contract::{
    event::{Event, source},
    job::{self, DirectionMarks, StoredGlossary},
    language::Language,
    names::{ENGINES, SIMULATED},
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
    subtitle::{Subtitle, is_right_to_left},
    task::Work,
    translate::{
        Engines,
        batch::Ordered,
        chain::{self, Route},
        check,
        filled::Filled,
        film::Film,
        glossary::Glossary,
        lines,
        memory::Memory,
        shipped::Report,
        spending::Account,
    },
};

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
    /// The most characters that a namespace may send a day to engines that cost something, if there is a limit.
    pub characters_per_day: Option<u64>,
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
        let (from, to) = languages(&task)?;
        let (artefact, Route { engine, tier, via }) = self.translated(&task, reporter).await?;
        write_sidecar(&self.sources, &task.spec, &artefact, &to, Author::Machine).await?;
        let download_url = download_url(&self.public_url, event);
        let result = job::JobResult {
            url: download_url.clone(),
            source: engine.to_owned(),
            translated_from: Some(from.to_string()),
            engine: Some(engine.to_owned()),
            variant: Some(tier),
            via: via.map(String::from),
            glossary: task.glossary.map(|glossary| glossary.sha256),
            ..artefact.result
        };
        let translated = Translated {
            translated_path: result.key.clone(),
            source_language: from.to_string(),
            target_language: to.to_string(),
            download_url,
            result,
            simulated: engine == SIMULATED,
        };
        reporter.publish(&translated).await?;
        Ok(())
    }
}

impl<E: Translate> Translator<E> {
    /// By the first engine that is there; one that refuses a text is not replaced by another.
    async fn translated(
        &self,
        task: &TranslateRequested,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> Result<(Artefact, Route), Stopped> {
        let source = self.source(task).await?;
        let glossary = self.glossary(task).await?;
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
            let (glossary, stored_glossary) = (&glossary, task.glossary.as_ref());
            let subject = reporter.subject();
            let ordered = Ordered { from, to, route, partial, subject, glossary, stored_glossary };
            match self.by(&source, task, &ordered, reporter).await {
                Err(Stopped::Failed(failure)) if is_away(&failure) => {
                    tracing::warn!(engine, %failure, "the engine is away: the next one is asked");
                    // The one that is back first is worth waiting for; one that needs a person is not.
                    let is_sooner = away.as_ref().is_none_or(|known| {
                        known.reason == Reason::EngineForbidden || failure.not_before < known.not_before
                    });
                    if is_sooner && (away.is_none() || failure.reason == Reason::EngineUnavailable) {
                        away = Some(failure);
                    }
                }
                artefact => return Ok((artefact?, ordered.route)),
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
        let Ordered { from, to, route, subject, stored_glossary, .. } = ordered;
        let translation = &task.spec.translation;
        tracing::info!(engine = route.engine, tier = ?route.tier, via = ?route.via, %from, %to, "translates");
        let format = source.output_format(task.spec.output.format);
        let (sounds, partial) = (translation.hearing_impaired, translation.partial);
        let glossary = stored_glossary.map_or("", |glossary| &glossary.sha256);
        let by =
            format!("{from}:{to}:{}:{:?}:{:?}:{glossary}", self.engines.edition(route.engine), route.via, route.tier);
        // A text with gaps must not be found by a job that forbids them.
        let identity = format!("{}:{by}:{sounds:?}:{partial:?}", task.from.sha256);
        let marks = translation.direction_marks;
        let key = artefact::key(&subject.namespace, "translated", &format!("{identity}:{marks:?}"), format);
        let kept = Checkpoint::open(&self.store, &subject.namespace, &identity).await?;
        if let Some(artefact) = self.stored(&key, to).await? {
            self.metrics.cache_hits.increment(["translated"]);
            let total = artefact.result.cues;
            kept.remove().await?;
            reporter.publish(&TranslateProgress { done: total, total }).await?;
            return Ok(artefact);
        }
        let is_paid = !ordered.is_free();
        let account = |limit| Account::of(&self.store, &subject.namespace, reporter.now(), limit);
        let film = Film {
            source,
            sounds,
            ordered,
            engines: &self.engines,
            metrics: &self.metrics,
            reporter,
            kept: &kept,
            memory: (is_paid && ordered.is_real()).then(|| Memory::of(&self.store, &subject.namespace, &by)),
            account: self.characters_per_day.filter(|_| is_paid).map(account),
            most_characters: translation.max_characters,
            continue_after: self.continue_after,
            identity: &identity,
        };
        let Filled { mut texts, refused, .. } = film.translate().await?;
        if marks == DirectionMarks::Add && is_right_to_left(to) {
            texts = texts.iter().map(|text| lines::marked(source.format, text)).collect();
        }
        let rejected = |error| Failure::new(Reason::TranslationIncomplete, error);
        let translated = source.clone().with_texts(texts).map_err(rejected)?;
        check::frame(source, &translated).map_err(|rejected| ordered.rejected(&rejected))?;
        let report = Report::of(&translated, &refused);
        // Before the file, so that whoever finds the file finds it, too.
        report.store(&self.store, &key).await?;
        let artefact = artefact::store(&self.store, &key, &translated, format, to).await?;
        kept.remove().await?;
        Ok(report.beside(artefact))
    }

    /// A translation that is there already.
    async fn stored(&self, key: &str, to: &Language) -> Result<Option<Artefact>, Failure> {
        let Some(artefact) = artefact::stored(&self.store, key, to).await? else { return Ok(None) };
        Ok(Some(Report::read(&self.store, key).await?.beside(artefact)))
    }

    /// The glossary, as it was when the attempt began.
    async fn glossary(&self, task: &TranslateRequested) -> Result<Glossary, Failure> {
        let Some(StoredGlossary { key, sha256: expected }) = &task.glossary else { return Ok(Glossary::default()) };
        let bytes = self.store.read(key).await?.filter(|bytes| sha256(bytes) == *expected);
        let missing = || format!("the glossary '{key}' is not in the object store as it was when the attempt began");
        let bytes = bytes.ok_or_else(|| Failure::new(Reason::StoreUnavailable, missing()))?;
        let terms = subtitle_contract::glossary::parse(&String::from_utf8_lossy(&bytes));
        Ok(Glossary::new(terms.map_err(|error| Failure::new(Reason::InvalidSpec, format!("'{key}': {error}")))?))
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
}

/// Whether another engine may be asked instead.
fn is_away(failure: &Failure) -> bool {
    matches!(failure.reason, Reason::EngineUnavailable | Reason::EngineForbidden)
}

fn languages(task: &TranslateRequested) -> Result<(Language, Language), Failure> {
    let invalid = |message: String| Failure::new(Reason::InvalidSpec, message);
    let parse = |tag: &str| Language::parse(tag).map_err(|error| invalid(error.to_string()));
    Ok((parse(&task.from.language)?, parse(&task.spec.language)?))
}
