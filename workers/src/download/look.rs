//! Which sources are asked, and asking them. Does I/O.

use futures::future::join_all;
use subtitle_core::{
    job::Candidate,
    language::Language,
    names::{GESTDOWN, OPENSUBTITLES, PODNAPISI, SOURCES, SUBDL, known},
    payload::{DownloadRequested, Subject},
};

use super::{Downloader, invalid};
use crate::{
    clock::Clock,
    failure::Failure,
    find::{About, Found, SourceError, select},
    named::exactly,
    search::Search,
};

/// What looking gave.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) found: Vec<(usize, Found)>,
    pub(super) errors: Vec<SourceError>,
    /// Those that were fetched and are of no use, with why.
    pub(super) bad: Vec<(usize, Failure)>,
    /// How many that count against a quota were tried, for all languages together.
    pub(super) paid: u8,
}

impl Looked {
    pub(super) fn candidates(&self, choice: &select::Choice, taken: Option<usize>) -> Vec<Candidate> {
        let bad: Vec<(usize, String)> = self.bad.iter().map(|(at, failure)| (*at, failure.message.clone())).collect();
        select::candidates(&self.found, choice, taken, &bad)
    }
}

impl<S: Search, C: Clock> Downloader<S, C> {
    /// The sources to ask: exactly the spec's, else the wished ones that are known, else this worker's own order.
    pub(super) fn order(&self, task: &DownloadRequested) -> Result<Vec<&'static str>, Failure> {
        if let Some(named) = &task.spec.sources {
            let order = exactly("spec.sources", "downloader", &SOURCES, named)?;
            let missing = order.iter().find_map(|name| Some((name, self.finder.missing(name)?)));
            return missing.map_or(Ok(order.clone()), |(name, setting)| {
                let message = format!(
                    "spec.sources names '{name}', which this downloader is not configured for: set {setting}, or leave \
                     the source out"
                );
                Err(invalid(message))
            });
        }
        let wished = task.preferred_sources.iter().filter_map(|name| known(&SOURCES, name));
        let wished: Vec<&'static str> = wished.filter(|name| self.finder.missing(name).is_none()).collect();
        Ok(if wished.is_empty() { self.order.clone() } else { wished })
    }

    /// Asks source after source, providers side by side, and stops at the first that has the first language for
    /// certain: what a provider lists may be for another video, and the next one may have better.
    pub(super) async fn look(
        &self,
        order: &[&'static str],
        task: &DownloadRequested,
        subject: &Subject,
        languages: &[Language],
    ) -> Looked {
        let mut looked = Looked { found: Vec::new(), errors: Vec::new(), bad: Vec::new(), paid: 0 };
        let seed = format!("{}:{}", subject.job_id, subject.attempt);
        let is_online = |source: &str| [OPENSUBTITLES, SUBDL, PODNAPISI, GESTDOWN].contains(&source);
        let ranked: Vec<(usize, &'static str)> = order.iter().copied().enumerate().collect();
        for group in ranked.chunk_by(|one, other| is_online(one.1) && is_online(other.1)) {
            let is_provider = is_online(group[0].1);
            let about = if is_provider { self.finder.about(&task.spec.video).await } else { About::default() };
            let ask = |(rank, source): &(usize, &'static str)| {
                let (rank, source, seed, about) = (*rank, *source, &seed, &about);
                async move {
                    let listed = if is_provider {
                        self.finder.list_online(source, &task.spec.video, languages, about).await
                    } else {
                        self.finder.list(source, &task.spec.video, languages, seed).await
                    };
                    (rank, source, listed)
                }
            };
            for (rank, source, listed) in join_all(group.iter().map(ask)).await {
                let outcome = match &listed {
                    Ok(found) if found.is_empty() => "nothing",
                    Ok(_) => "found",
                    Err(_) => "error",
                };
                self.metrics.source_requests.increment([source, "list", outcome]);
                match listed {
                    Ok(found) => looked.found.extend(found.into_iter().map(|one| (rank, one))),
                    Err(error) => looked.errors.push(error),
                }
            }
            let first = languages.first();
            if first.is_some_and(|first| select::choose(&looked.found, first, &task.spec).is_certain(&looked.found)) {
                break;
            }
        }
        looked
    }
}
