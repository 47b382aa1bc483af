//! Asking sources what they have. Does I/O.

use futures::future::join_all;
use subtitle_clock::Clock;
use subtitle_contract::{job::Candidate, language::Language};

use super::plan::DownloadPlan;
use crate::{
    artifact::is_translated,
    failure::Failure,
    find::{FoundSubtitle, ListRequest, Origin, Search, SourceError, SourceId, VideoFacts, choose::select},
};

/// What the sources listed so far, and what became of it.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Sources of the order that were asked.
    pub(super) asked: usize,
    /// Candidates with the rank of their source.
    pub(super) found: Vec<(usize, FoundSubtitle)>,
    pub(super) errors: Vec<SourceError>,
    /// Candidates that were fetched and are unusable, with the reason.
    pub(super) rejected: Vec<(usize, Failure)>,
    /// Downloads that count against a quota, for all languages together.
    pub(super) paid: u8,
}

impl Listing {
    /// The candidates for the job's status.
    pub(super) fn candidates(&self, choice: &select::Choice, taken: Option<usize>) -> Vec<Candidate> {
        let rejected: Vec<(usize, String)> =
            self.rejected.iter().map(|(at, failure)| (*at, failure.message.clone())).collect();
        select::candidates(&self.found, choice, taken, &rejected)
    }
}

impl<S: Search, C: Clock> DownloadPlan<'_, S, C> {
    /// Asks the next sources, providers side by side, and stops at the first source that certainly has the first
    /// language: what a provider lists may be for another video, and the next one may have better.
    pub(super) async fn list(&self, listing: &mut Listing, languages: &[Language]) {
        let (finder, video) = (&self.downloader.finder, &self.task.spec.video);
        let seed = format!("{}:{}", self.subject.job_id, self.subject.attempt);
        let ranked: Vec<(usize, SourceId)> = self.order.iter().copied().enumerate().collect();
        for group in ranked[listing.asked..].chunk_by(|one, other| one.1.is_provider() && other.1.is_provider()) {
            let unknown = VideoFacts::default();
            let facts = if group[0].1.is_provider() { self.facts().await } else { &unknown };
            let request = ListRequest { video, languages, facts, seed: &seed, budget: &self.budget };
            let list =
                async |(rank, source): &(usize, SourceId)| (*rank, *source, finder.list(*source, &request).await);
            listing.asked += group.len();
            for (rank, source, listed) in join_all(group.iter().map(list)).await {
                let outcome = match &listed {
                    Ok(found) if found.is_empty() => "nothing",
                    Ok(_) => "found",
                    Err(_) => "error",
                };
                self.downloader.metrics.source_requests.increment([source.name(), "list", outcome]);
                match listed {
                    Ok(mut found) => {
                        self.mark_translations(&mut found).await;
                        listing.found.extend(found.into_iter().map(|one| (rank, one)));
                    }
                    Err(error) => listing.errors.push(error),
                }
            }
            let is_certain = |first| select::choose(&listing.found, first, &self.task.spec).is_certain(&listing.found);
            if languages.first().is_some_and(is_certain) {
                break;
            }
        }
    }

    /// Marks the files that an engine translated for a job of the same namespace, wherever they come from.
    async fn mark_translations(&self, found: &mut [FoundSubtitle]) {
        for one in found {
            if let (SourceId::Library, Ok(Origin::Bytes(bytes))) = (one.source, &one.origin) {
                let is_translated = is_translated(&self.downloader.store, &self.subject.namespace, bytes).await;
                // Without the store nothing else of the task succeeds either.
                one.is_machine_translated |= is_translated.unwrap_or_default();
            }
        }
    }
}
