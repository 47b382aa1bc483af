//! A download task as it is read from its event: languages parsed, sources in order, what is worth translating from,
//! by what the translators announced. Does I/O.

use subtitle_clock::Clock;
use subtitle_contract::{
    language::Language,
    payload::{DownloadRequested, Subject},
    reason::Reason,
};
use tokio::sync::OnceCell;

use super::{order::order, settings::Downloader};
use crate::{
    failure::{Failure, not_allowed},
    find::{Search, SourceId, TaskBudget, VideoFacts},
    task::StopSignal,
    translate::announced::{Announced, worthwhile},
};

/// One download task and what was read from it.
pub(super) struct DownloadPlan<'a, S, C> {
    pub(super) downloader: &'a Downloader<S, C>,
    pub(super) task: &'a DownloadRequested,
    pub(super) subject: &'a Subject,
    pub(super) stop_signal: &'a dyn StopSignal,
    /// The language that the job asks for.
    pub(super) wanted: Language,
    /// The languages to translate from that some engine translates.
    pub(super) from: Vec<Language>,
    /// What it may take from outside.
    pub(super) budget: TaskBudget,
    facts: OnceCell<VideoFacts>,
    /// The sources to ask.
    pub(super) order: Vec<SourceId>,
    /// Why nothing can be translated into the wanted language, if that is sure.
    pub(super) untranslatable: Option<Failure>,
}

fn parse(tag: &str) -> Result<Language, Failure> {
    Language::parse(tag).map_err(|error| Failure::new(Reason::InvalidSpec, error))
}

impl<'a, S: Search, C: Clock> DownloadPlan<'a, S, C> {
    /// Reads the task; the failure names what is wrong in its spec, or what the job's namespace may not do.
    pub(super) async fn new(
        downloader: &'a Downloader<S, C>,
        task: &'a DownloadRequested,
        subject: &'a Subject,
        stop_signal: &'a dyn StopSignal,
    ) -> Result<Self, Failure> {
        downloader.finder.libraries().check(&subject.namespace, &task.spec).map_err(not_allowed)?;
        let translation = &task.spec.translation;
        let wanted = parse(&task.spec.language)?;
        let from: Vec<Language> = translation.from.iter().map(|tag| parse(tag)).collect::<Result<_, _>>()?;
        let from: Vec<Language> = from.into_iter().filter(|language| !wanted.accepts(language)).collect();
        let order = order(&downloader.finder, &downloader.order, task)?;
        let now = downloader.clock.elapsed();
        let announced = Announced::read(&downloader.store, &downloader.announcements, now).await?;
        let (from, refusal) = worthwhile(announced.as_ref(), from, &wanted, translation).await?;
        let untranslatable = refusal.filter(|_| from.is_empty());
        Ok(Self {
            downloader,
            task,
            subject,
            stop_signal,
            wanted,
            from,
            budget: TaskBudget::default(),
            facts: OnceCell::new(),
            order,
            untranslatable,
        })
    }

    /// What the video's own bytes say about it, read once.
    pub(super) async fn facts(&self) -> &VideoFacts {
        self.facts.get_or_init(|| self.downloader.finder.inspect(&self.task.spec.video, &self.budget)).await
    }
}
