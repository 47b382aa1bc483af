//! Which sources are asked, and asking them. Does I/O.

use futures::future::join_all;
use subtitle_contract::{
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

/// What looking gave so far.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// How many sources of the order were asked.
    pub(super) asked: usize,
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
        let (wished, _) = self.wished(task);
        Ok(if wished.is_empty() { self.order.clone() } else { wished })
    }

    /// The sources that a wish names and that can be asked here, and a warning for each of the others.
    pub(super) fn wished(&self, task: &DownloadRequested) -> (Vec<&'static str>, Vec<String>) {
        let (mut wished, mut warnings) = (Vec::new(), Vec::new());
        if task.spec.sources.is_some() {
            return (wished, warnings);
        }
        for name in &task.preferred_sources {
            let Some(source) = known(&SOURCES, name) else {
                let known = SOURCES.join(", ");
                warnings.push(format!("preferred source '{name}' is left out: this downloader knows {known}"));
                continue;
            };
            match self.finder.missing(source) {
                Some(setting) => warnings.push(format!(
                    "preferred source '{name}' is left out: it is not set up here ({setting} is not set)"
                )),
                None if wished.contains(&source) => {}
                None => wished.push(source),
            }
        }
        if wished.is_empty() && !warnings.is_empty() {
            warnings.insert(0, format!("no preferred source is left; asked are: {}", self.order.join(", ")));
        }
        (wished, warnings)
    }

    /// Asks source after source of those that were not asked yet, providers side by side, and stops at the first that has
    /// the first language for certain: what a provider lists may be for another video, and the next one may have better.
    pub(super) async fn look(
        &self,
        looked: &mut Looked,
        order: &[&'static str],
        task: &DownloadRequested,
        subject: &Subject,
        languages: &[Language],
    ) {
        let seed = format!("{}:{}", subject.job_id, subject.attempt);
        let is_online = |source: &str| [OPENSUBTITLES, SUBDL, PODNAPISI, GESTDOWN].contains(&source);
        let ranked: Vec<(usize, &'static str)> = order.iter().copied().enumerate().collect();
        for group in ranked[looked.asked..].chunk_by(|one, other| is_online(one.1) && is_online(other.1)) {
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
            looked.asked += group.len();
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
    }
}
