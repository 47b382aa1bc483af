//! A whole film through one engine, batch by batch: its cues come in, their texts go out, or the reason why they must
//! not be shipped. What is kept of an earlier worker, or known from another film, is not asked for again.
//!
//! ```text
//! pieces ── kept? known? ── booked ──▶ batch ─▶ engine ─▶ kept ─▶ … ─▶ checks of the whole ─▶ remembered
//! ```

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use subtitle_broker::Publish;
use subtitle_contract::{
    job::{KeepOrRemove, Partial},
    payload::TranslateProgress,
    reason::Reason,
};

use super::{
    batch::{Asker, Batch, Ordered, characters},
    check::{self, Rejected, Rule},
    filled::{Filled, refused_if_empty},
    lines::{self, Piece},
    memory::Memory,
    names::Names,
    sentences,
    spending::{Account, Booked},
};
use crate::{
    checkpoint::Checkpoint,
    clock::Clock,
    engine::Translate,
    failure::Failure,
    metrics::Metrics,
    report::{Reporter, Stopped},
    subtitle::Subtitle,
};

/// Cues in one call to an engine: small enough that one lost costs little, large enough for its context.
const BATCH: usize = 50;
/// For an engine that costs nothing but its start: a third of a second's work.
const BATCH_OF_FREE: usize = 500;
/// People need no more progress than this.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// One film on its way through one engine.
pub(crate) struct Film<'a, E, P, C> {
    pub(crate) source: &'a Subtitle,
    pub(crate) sounds: KeepOrRemove,
    pub(crate) ordered: &'a Ordered<'a>,
    pub(crate) engines: &'a E,
    pub(crate) metrics: &'a Metrics,
    pub(crate) reporter: &'a Reporter<'a, P, C>,
    pub(crate) kept: &'a Checkpoint,
    /// None where nothing is paid for.
    pub(crate) memory: Option<Memory>,
    pub(crate) account: Option<Account>,
    /// `spec.translation.maxCharacters`.
    pub(crate) most_characters: Option<u32>,
    /// After how long it goes on as a new task.
    pub(crate) continue_after: Duration,
    /// What it is kept and booked under.
    pub(crate) identity: &'a str,
}

/// The cues of one batch, their texts, and the answers that cost nothing.
struct Part<'a> {
    cues: &'a [Vec<Piece>],
    /// How many cues are before it.
    done: usize,
    /// The places of its texts among all.
    texts: std::ops::Range<usize>,
    kept: Option<Vec<String>>,
}

impl<E: Translate, P: Publish, C: Clock> Film<'_, E, P, C> {
    /// Translates it.
    pub(crate) async fn translate(&self) -> Result<Filled, Stopped> {
        let split = lines::split_all(self.source.format, &self.source.cues, self.sounds, self.ordered.glossary);
        let texts: Vec<String> = sent(&split).cloned().collect();
        self.within_limit(&texts)?;
        let size = if self.ordered.is_free() { BATCH_OF_FREE } else { BATCH };
        let (mut parts, mut at) = (Vec::new(), 0);
        for (number, cues) in split.chunks(size).enumerate() {
            let range = at..at + sent(cues).count();
            at = range.end;
            let kept = self.kept.read(number, &texts[range.clone()]).await?;
            parts.push(Part { cues, done: number * size, texts: range, kept });
        }
        let known = self.known(&texts).await?;
        self.book(&parts, &texts, &known).await?;
        let filled = self.fill(&parts, &texts, &known).await?;
        if let Err(rejected) = check::whole(&filled.lines(), self.ordered.pair()) {
            // Another attempt must not be built from what was rejected as a whole.
            self.kept.remove().await?;
            return Err(self.ordered.rejected(&rejected).into());
        }
        self.remember(&filled, &texts, &known).await;
        Ok(filled)
    }

    /// Counts characters before any is sent.
    fn within_limit(&self, texts: &[String]) -> Result<(), Failure> {
        let characters = characters(texts);
        match self.most_characters {
            Some(limit) if characters > u64::from(limit) => {
                let message =
                    format!("{characters} characters would be sent; spec.translation.maxCharacters is {limit}");
                Err(Failure::new(Reason::CostLimitExceeded, message))
            }
            _ => Ok(()),
        }
    }

    /// What the memory has, as far as today's checks let it pass.
    async fn known(&self, texts: &[String]) -> Result<Vec<Option<String>>, Failure> {
        let Some(memory) = &self.memory else { return Ok(vec![None; texts.len()]) };
        let known = memory.known(texts).await?;
        let passes = |source: &String, answer: &String| check::piece(source, answer, self.ordered.pair()).is_none();
        Ok(known
            .into_iter()
            .zip(texts)
            .map(|(answer, source)| answer.filter(|answer| passes(source, answer)))
            .collect())
    }

    /// Books what is about to be sent on the namespace's account of the day.
    async fn book(&self, parts: &[Part<'_>], texts: &[String], known: &[Option<String>]) -> Result<(), Failure> {
        let Some(account) = &self.account else { return Ok(()) };
        let open = parts.iter().filter(|part| part.kept.is_none()).flat_map(|part| part.texts.clone());
        let characters = characters(open.filter(|at| known[*at].is_none()).map(|at| &texts[at]));
        let Booked::Beyond { spent } = account.book(self.identity, characters).await? else { return Ok(()) };
        let (namespace, limit) = (&self.ordered.subject.namespace, account.limit());
        let renewed = account.renewed().filter(|_| characters <= limit);
        let then = match renewed {
            Some(time) => format!("it goes on from {time}"),
            None => "that is more than a day's: raise SUBTITLES_CHARACTERS_PER_DAY, or use a free engine".to_owned(),
        };
        let message = format!(
            "{characters} characters would be sent; namespace '{namespace}' has sent {spent} of {limit} today (UTC); {then}"
        );
        Err(Failure { not_before: renewed, ..Failure::new(Reason::CostLimitExceeded, message) })
    }

    async fn fill(&self, parts: &[Part<'_>], texts: &[String], known: &[Option<String>]) -> Result<Filled, Stopped> {
        let Self { engines, metrics, ordered, reporter, .. } = *self;
        let asker = Asker { engines, metrics, ordered, gate: reporter, sent: AtomicU64::new(0) };
        let total = u32::try_from(self.source.cues.len()).unwrap_or(u32::MAX);
        let mut progress = TranslateProgress { done: 0, total };
        let (mut filled, mut names) = (Filled::default(), Names::default());
        let (mut has_paid, mut said_at) = (false, None::<Duration>);
        for (number, part) in parts.iter().enumerate() {
            if has_paid && reporter.held() >= self.continue_after {
                return Err(Stopped::Continues { done: progress.done });
            }
            let (answers, is_new) = self.answers(&asker, (number, part), texts, known, &names).await?;
            let answered = filled.answered();
            let refused = filled.add(part.cues, &answers, part.done);
            if !refused.is_empty() && ordered.partial == Partial::Forbid {
                let rejected = Rejected::Cues { violations: refused, all: part.texts.len() };
                return Err(ordered.rejected(&rejected).into());
            }
            filled.lines()[answered..].iter().for_each(|line| names.learn(line.source, line.translation));
            if is_new {
                // Kept before anything else can happen to it; a text is empty where the engine has none.
                let kept: Vec<String> = answers.into_iter().map(Result::unwrap_or_default).collect();
                self.kept.write(number, &texts[part.texts.clone()], &kept).await?;
            }
            has_paid |= is_new;
            progress.done = u32::try_from(part.done + part.cues.len()).unwrap_or(u32::MAX);
            let is_due = said_at.is_none_or(|said| reporter.held().saturating_sub(said) >= PROGRESS_EVERY);
            // What an earlier worker translated it has announced.
            if progress.done == total || (is_new && is_due) {
                reporter.publish(&progress).await?;
                said_at = Some(reporter.held());
            }
        }
        if !filled.refused.is_empty() {
            tracing::warn!(cues = ?filled.refused, "these cues stay untranslated, as spec.translation.partial allows");
        }
        Ok(filled)
    }

    /// The answers of one batch, and whether it is to be kept.
    async fn answers(
        &self,
        asker: &Asker<'_, E>,
        (number, part): (usize, &Part<'_>),
        texts: &[String],
        known: &[Option<String>],
        names: &Names,
    ) -> Result<(Vec<Result<String, Rule>>, bool), Stopped> {
        if let Some(kept) = &part.kept {
            self.metrics.cache_hits.increment(["batch"]);
            return Ok((kept.iter().cloned().map(refused_if_empty).collect(), false));
        }
        let open: Vec<usize> = part.texts.clone().filter(|at| known[*at].is_none()).collect();
        let found = part.texts.len() - open.len();
        if found > 0 {
            self.metrics.cache_hits.add(["text"], found as u64);
        }
        let mut new = Vec::new().into_iter();
        if !open.is_empty() {
            let cues = self.source.cues.get(part.done..).filter(|_| self.ordered.is_free()).unwrap_or_default();
            let (joins, names) = (sentences::found(cues, part.cues), names.list());
            let open_texts: Vec<String> = open.iter().map(|at| texts[*at].clone()).collect();
            let batch = Batch {
                texts: &open_texts,
                joins: &joins,
                before: &texts[..part.texts.start],
                after: &texts[part.texts.end..],
                names: &names,
                number: part.done,
            };
            let before = asker.sent.load(Ordering::Relaxed);
            let answers = asker.batch(batch).await?;
            self.note_repeats(asker.sent.load(Ordering::Relaxed) - before, &open_texts, number).await?;
            new = answers.into_iter();
        }
        let answer = |at: usize| match &known[at] {
            Some(known) => Ok(known.clone()),
            None => new.next().unwrap_or(Err(Rule::GivenUp)),
        };
        Ok((part.texts.clone().map(answer).collect(), !open.is_empty()))
    }

    /// What was sent twice costs twice.
    async fn note_repeats(&self, sent: u64, texts: &[String], number: usize) -> Result<(), Failure> {
        let again = sent.saturating_sub(characters(texts));
        let Some(account) = self.account.as_ref().filter(|_| again > 0) else { return Ok(()) };
        let identity = format!("{}:{number}:{}", self.identity, self.ordered.subject.attempt);
        Ok(account.sent_again(&identity, again).await?)
    }

    async fn remember(&self, filled: &Filled, texts: &[String], known: &[Option<String>]) {
        let Some(memory) = &self.memory else { return };
        let old: BTreeSet<&str> =
            texts.iter().zip(known).filter(|(_, known)| known.is_some()).map(|(text, _)| text.as_str()).collect();
        let lines = filled.lines();
        let new: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| (line.source, line.translation))
            .filter(|(source, _)| !old.contains(source))
            .collect();
        if let Err(error) = memory.keep(&new).await {
            tracing::warn!(%error, "the translation is not remembered: it is paid for again in another film");
        }
    }
}

/// What goes to the engine.
fn sent(cues: &[Vec<Piece>]) -> impl Iterator<Item = &String> {
    cues.iter().flatten().filter(|piece| piece.is_translatable).map(|piece| &piece.text)
}
