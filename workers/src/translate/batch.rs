//! One batch and the engine that translates it: pieces go out, an answer or the broken rule for each comes back. The
//! gate is asked before each call that costs something.

use std::ops::Range;

use subtitle_core::{
    job::{Partial, Variants},
    language::Language,
    names::SIMULATED,
    payload::Subject,
    reason::Reason,
};

use super::{
    EngineError,
    chain::Route,
    check::{Pair, Rejected, Rule},
    sentences,
    sheet::Sheet,
};
use crate::{
    engine::Translate,
    failure::Failure,
    metrics::Metrics,
    report::{Gate, Stopped},
};

/// Everything about one translation but its text.
pub(crate) struct Ordered<'a> {
    pub(crate) from: Language,
    pub(crate) to: Language,
    pub(crate) route: Route,
    pub(crate) partial: Partial,
    pub(crate) subject: &'a Subject,
}

impl Ordered<'_> {
    pub(crate) fn pair(&self) -> Pair<'_> {
        Pair { from: &self.from, to: &self.to, judges_language: self.is_real() }
    }

    /// Nothing of the simulated engine is real, its language neither.
    pub(crate) fn is_real(&self) -> bool {
        self.route.engine != SIMULATED
    }

    pub(crate) fn rejected(&self, rejected: &Rejected) -> Failure {
        let message = format!("'{}' from {} to {}: {rejected}", self.route.identity(), self.from, self.to);
        Failure::new(Reason::TranslationRejected, message)
    }
}

/// Who asks, on whose account.
pub(crate) struct Asker<'a, E> {
    pub(crate) engines: &'a E,
    pub(crate) metrics: &'a Metrics,
    pub(crate) ordered: &'a Ordered<'a>,
    pub(crate) gate: &'a dyn Gate,
}

impl<E: Translate> Asker<'_, E> {
    /// Pays for one batch: sentences as a whole beside single cues, then cue by cue what was refused.
    pub(crate) async fn batch(
        &self,
        texts: &[String],
        joins: &[Range<usize>],
        done: usize,
    ) -> Result<Vec<Result<String, Rule>>, Stopped> {
        let mut answers: Vec<Option<Result<String, Rule>>> = vec![None; texts.len()];
        let is_joined = |at: &usize| joins.iter().any(|join| join.contains(at));
        let (parts, single): (Vec<usize>, Vec<usize>) = (0..texts.len()).partition(is_joined);
        let of = |places: &[usize]| places.iter().map(|at| texts[*at].clone()).collect::<Vec<_>>();
        let (single_texts, mut first) = (of(&single), None);
        if !joins.is_empty() {
            let sentences = joins.iter().map(|join| sentences::joined(&texts[join.clone()]));
            let questions: Vec<String> = sentences.chain(single_texts.iter().cloned()).collect();
            let mut whole = self.call(&questions, done).await?;
            if whole.len() != questions.len() {
                // Whose answer is whose cannot be told any more.
                whole.clear();
            }
            first = Some(whole.split_off(joins.len().min(whole.len())));
            // Apertium's answers carry their paragraph's number: each stands for itself.
            for (join, answer) in joins.iter().zip(whole) {
                let parted = sentences::parted(&texts[join.clone()], &answer, self.ordered.pair());
                for (at, part) in join.clone().zip(parted.into_iter().flatten()) {
                    answers[at] = Some(Ok(part));
                }
            }
        }
        for (at, answer) in single.iter().zip(self.filled(&single_texts, first, done).await?) {
            answers[*at] = Some(answer);
        }
        let unparted: Vec<usize> = parts.into_iter().filter(|at| answers[*at].is_none()).collect();
        for (at, answer) in unparted.iter().zip(self.filled(&of(&unparted), None, done).await?) {
            answers[*at] = Some(answer);
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Err(Rule::GivenUp))).collect())
    }

    /// Cue by cue: what is refused is asked again in smaller groups; `first` is paid for already.
    async fn filled(
        &self,
        texts: &[String],
        mut first: Option<Vec<String>>,
        done: usize,
    ) -> Result<Vec<Result<String, Rule>>, Stopped> {
        let mut sheet = Sheet::new(texts, self.ordered.pair());
        let mut asked = done;
        while let Some(question) = sheet.question() {
            let answers = match first.take() {
                Some(answers) => answers,
                None => self.call(question, asked).await?,
            };
            asked += 1;
            let outcome = if sheet.answer(answers) { "translated" } else { "rejected" };
            self.metrics.engine_calls.increment([self.ordered.route.engine, outcome]);
        }
        Ok(sheet.finish())
    }

    /// One call that costs something, if it still makes sense; `number` tells it from the others of its attempt.
    async fn call(&self, texts: &[String], number: usize) -> Result<Vec<String>, Stopped> {
        self.gate.pass()?;
        let seed = format!("{}:{}:{number}", self.ordered.subject.job_id, self.ordered.subject.attempt);
        let answers = self.ask(texts, &seed).await;
        answers.map_err(|error| {
            self.metrics.engine_calls.increment([self.ordered.route.engine, "error"]);
            self.unavailable(&error).into()
        })
    }

    async fn ask(&self, texts: &[String], seed: &str) -> Result<Vec<String>, EngineError> {
        let Ordered { from, to, route: Route { engine, tier, via }, .. } = self.ordered;
        match via {
            None => self.engines.translate(engine, from, to, *tier, texts, seed).await,
            Some(via) => {
                let between = self.engines.translate(engine, from, via, Variants::Base, texts, seed).await?;
                self.engines.translate(engine, via, to, *tier, &between, seed).await
            }
        }
    }

    fn unavailable(&self, error: &EngineError) -> Failure {
        let reason = if self.ordered.is_real() { Reason::EngineUnavailable } else { Reason::SimulatedFailure };
        let not_before = self.engines.rest(self.ordered.route.engine).map(|rest| rest.until);
        Failure { not_before, ..Failure::new(reason, error) }
    }
}
