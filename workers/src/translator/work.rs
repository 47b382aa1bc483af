//! The translator as the work of a task: publishes `started`, translates and publishes the result. Does I/O.

use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    event::{Event, source},
    job,
    payload::{Subject, TranslateRequested, TranslateStarted, Translated},
    topology::TRANSLATE_QUEUE,
};

use super::{inputs::Languages, settings::Translator};
use crate::{
    artifact::{download_url, mark_translated},
    failure::not_allowed,
    sidecar::{Author, write_sidecar},
    task::{StopReason, TaskReporter, Work},
    translate::{Translate, route::Route},
};

impl<E: Translate> Work for Translator<E> {
    type Task = TranslateRequested;
    const QUEUE: &'static str = TRANSLATE_QUEUE;
    const SOURCE: &'static str = source::TRANSLATOR;

    fn claim(&self, subject: &Subject, task: &TranslateRequested) -> String {
        // By text and pair, not by job: two jobs for one text pay once.
        format!("{}/claims/translate-{}-{}", subject.namespace, task.from.sha256, task.spec.language)
    }

    async fn perform(
        &self,
        event: &Event,
        task: TranslateRequested,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(), StopReason> {
        reporter.publish(&TranslateStarted { worker: reporter.worker() }).await?;
        self.libraries.check(&reporter.subject().namespace, &task.spec).map_err(not_allowed)?;
        let languages = Languages::new(&task)?;
        let (artifact, Route { engine, tier, via }) = self.run(&task, &languages, reporter).await?;
        let Languages { from, to } = languages;
        mark_translated(&self.store, &reporter.subject().namespace, &artifact.result.sha256).await?;
        write_sidecar(&self.libraries, &task.spec, &artifact, &to, Author::Machine).await?;
        let download_url = download_url(&self.public_url, event);
        let result = job::JobResult {
            url: download_url.clone(),
            source: engine.name().to_owned(),
            translated_from: Some(from.to_string()),
            engine: Some(engine.name().to_owned()),
            variant: Some(tier.into()),
            via: via.map(String::from),
            glossary: task.glossary.map(|glossary| glossary.sha256),
            ..artifact.result
        };
        let translated = Translated {
            translated_path: result.key.clone(),
            source_language: from.to_string(),
            target_language: to.to_string(),
            download_url,
            result,
            simulated: engine.is_simulated(),
        };
        reporter.publish(&translated).await
    }
}
