//! One translation task from its inputs to its result: by the first engine that is available; an engine that rejects a
//! text is not replaced by another. Does I/O.

use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{payload::TranslateRequested, reason::Reason};

use super::{
    inputs::{self, Languages},
    settings::Translator,
};
use crate::{
    artifact::StoreArtifact,
    failure::Failure,
    task::{StopReason, TaskReporter},
    translate::{
        Translate, engines,
        route::{self, Route},
        run::plan::TranslationPlan,
    },
};

impl<E: Translate> Translator<E> {
    pub(super) async fn run(
        &self,
        task: &TranslateRequested,
        Languages { from, to }: &Languages,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(StoreArtifact, Route), StopReason> {
        let namespace = &reporter.subject().namespace;
        let source = inputs::source(&self.store, namespace, task).await?;
        let glossary = &inputs::glossary(&self.store, namespace, task).await?;
        let policy = &task.spec.translation;
        let order = match &policy.engines {
            None => self.order.clone(),
            Some(named) => engines::exactly(named)?,
        };
        let mut unavailable: Option<Failure> = None;
        for route in route::routes(&self.engines, &order, from, to, policy).await? {
            let engine = route.engine;
            let (subject, stored_glossary) = (reporter.subject(), task.glossary.as_ref());
            let plan = TranslationPlan { from, to, route, partial: policy.partial, subject, glossary, stored_glossary };
            match self.translate_by(&source, task, &plan, reporter).await {
                Err(StopReason::Failed(failure)) if is_unavailable(&failure) => {
                    tracing::warn!(%engine, %failure, "the engine is unavailable: the next one is asked");
                    unavailable = Some(match unavailable.take() {
                        Some(known) if !is_worth_more(&failure, &known) => known,
                        _ => failure,
                    });
                }
                artifact => return Ok((artifact?, plan.route)),
            }
        }
        let none = || Failure::new(Reason::EngineUnavailable, "no engine was asked");
        Err(unavailable.unwrap_or_else(none).into())
    }
}

/// Whether another engine may be asked instead.
fn is_unavailable(failure: &Failure) -> bool {
    matches!(failure.reason, Reason::EngineUnavailable | Reason::EngineForbidden)
}

/// Whether `failure` is the one to report: the engine that is back first is worth waiting for, one that needs a person is
/// not.
fn is_worth_more(failure: &Failure, known: &Failure) -> bool {
    let is_sooner = known.reason == Reason::EngineForbidden || failure.not_before < known.not_before;
    is_sooner && failure.reason == Reason::EngineUnavailable
}
