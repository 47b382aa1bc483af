//! One file's translation by one route: the stored result if there is one, else a translation run and its checks. Does I/O.

use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    job::DirectionMarks,
    language::Language,
    payload::{TranslateProgress, TranslateRequested},
    reason::Reason,
};

use super::settings::Translator;
use crate::{
    artifact::{self, StoreArtifact},
    failure::Failure,
    subtitle::{Subtitle, is_right_to_left},
    task::{StopReason, TaskReporter},
    translate::{
        Translate, check,
        run::{
            TranslationRun,
            budget::{DailyBudget, Spending},
            checkpoint::Checkpoint,
            memory::TranslationMemory,
            plan::TranslationPlan,
            report::TranslationReport,
            translated_cues::TranslatedCues,
        },
        text::lines,
    },
};

impl<E: Translate> Translator<E> {
    pub(super) async fn translate_by(
        &self,
        source: &Subtitle,
        task: &TranslateRequested,
        plan: &TranslationPlan<'_>,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<StoreArtifact, StopReason> {
        let TranslationPlan { from, to, route, subject, stored_glossary, .. } = plan;
        let (engine, translation) = (route.engine, &task.spec.translation);
        tracing::info!(%engine, tier = ?route.tier, via = ?route.via, %from, %to, "translating");
        let format = source.output_format(task.spec.output.format);
        let (sounds, partial) = (translation.hearing_impaired, translation.partial);
        let glossary = stored_glossary.map_or("", |glossary| &glossary.sha256);
        let languages: Vec<&Language> = [*from, *to].into_iter().chain(&route.via).collect();
        let edition = self.engines.edition(engine, &languages);
        let by = format!("{from}:{to}:{edition}:{:?}:{:?}:{glossary}", route.via, route.tier);
        // A text with gaps must not be found by a job that forbids them.
        let identity = format!("{}:{by}:{sounds:?}:{partial:?}", task.from.sha256);
        let marks = translation.direction_marks;
        let key = artifact::key(&subject.namespace, "translated", &format!("{identity}:{marks:?}"), format);
        let checkpoint = Checkpoint::open(&self.store, &subject.namespace, &identity).await?;
        if let Some(artifact) = self.stored(&key, to).await? {
            self.metrics.cache_hits.increment(["translated"]);
            let total = artifact.result.cues;
            checkpoint.remove().await?;
            reporter.publish(&TranslateProgress { done: total, total }).await?;
            return Ok(artifact);
        }
        let is_remembered = !engine.is_free() && !engine.is_simulated();
        let budget = |limit| DailyBudget::new(&self.store, &subject.namespace, reporter.now(), limit);
        let budget = self.characters_per_day.filter(|_| !engine.is_free()).map(budget);
        let attempt = format!("{}:{}:{identity}", subject.job_id, subject.attempt);
        let run = TranslationRun {
            source,
            sounds,
            plan,
            engines: &self.engines,
            metrics: &self.metrics,
            reporter,
            checkpoint: &checkpoint,
            memory: is_remembered.then(|| TranslationMemory::new(&self.store, &subject.namespace, &by)),
            spending: Spending::new(budget, &attempt),
            most_characters: translation.max_characters,
            continue_after: self.continue_after,
        };
        let TranslatedCues { mut texts, rejected, .. } = run.translate().await?;
        if marks == DirectionMarks::Add && is_right_to_left(to) {
            texts = texts.iter().map(|text| lines::marked(source.format, text)).collect();
        }
        let invalid = |error| Failure::new(Reason::TranslationIncomplete, error);
        let translated = source.clone().with_texts(texts).map_err(invalid)?;
        check::frame(source, &translated).map_err(|rejected| plan.rejected(&rejected))?;
        let report = TranslationReport::new(&translated, &rejected);
        // Before the file, so that a worker that finds the file finds the report, too.
        report.store(&self.store, &key).await?;
        let artifact = artifact::store(&self.store, &key, &translated, format, to).await?;
        checkpoint.remove().await?;
        Ok(report.add_to(artifact))
    }

    /// A translation that is stored already.
    async fn stored(&self, key: &str, to: &Language) -> Result<Option<StoreArtifact>, Failure> {
        let Some(artifact) = artifact::stored(&self.store, key, to).await? else { return Ok(None) };
        Ok(Some(TranslationReport::read(&self.store, key).await?.add_to(artifact)))
    }
}
