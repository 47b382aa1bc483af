//! One download task from its languages to its outcome: lists sources until the best candidate of a language is usable.
//! Does I/O.

use subtitle_clock::Clock;
use subtitle_contract::{
    job::{self, Candidate, TranslationPolicy},
    language::Language,
    reason::Reason,
};

use super::{fetch::Taken, listing::Listing, plan::DownloadPlan};
use crate::{
    artifact::StoreArtifact,
    failure::Failure,
    find::Search,
    sidecar::{Author, write_sidecar},
    task::StopReason,
};

/// What a download task ends with.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one per task")]
pub enum DownloadOutcome {
    /// The subtitle in the language that was asked for.
    Ready {
        /// The file.
        artifact: StoreArtifact,
        /// The candidates that were considered.
        candidates: Vec<Candidate>,
        /// Whether nothing of it is real.
        simulated: bool,
        /// What a person should know about it.
        warnings: Vec<String>,
    },
    /// A subtitle in another language, to be translated.
    Translate {
        /// The file.
        from: job::Artifact,
        /// The candidates that were considered.
        candidates: Vec<Candidate>,
    },
}

impl<S: Search, C: Clock> DownloadPlan<'_, S, C> {
    pub(super) async fn run(self) -> Result<DownloadOutcome, StopReason> {
        let policy = self.task.spec.translation.policy;
        // What cannot be translated is not worth a download; if it must be translated, not even a list is.
        if let (TranslationPolicy::Always, Some(refusal)) = (policy, &self.untranslatable) {
            return Err(Failure::new(refusal.reason, &refusal.message).into());
        }
        let languages = self.languages();
        let mut listing = Listing::default();
        for language in &languages {
            let Some(Taken { artifact, candidates, simulated, warnings }) =
                self.list_and_take(&mut listing, &languages, language).await?
            else {
                continue;
            };
            if !self.is_translated(language) {
                let libraries = self.downloader.finder.libraries();
                let left = write_sidecar(libraries, &self.task.spec, &artifact, &self.wanted, Author::Unknown).await?;
                let warnings = left.into_iter().chain(warnings).collect();
                return Ok(DownloadOutcome::Ready { artifact, candidates, simulated, warnings });
            }
            let result = artifact.result;
            let from = job::Artifact { key: result.key, language: result.language, sha256: result.sha256 };
            return Ok(DownloadOutcome::Translate { from, candidates });
        }
        let failure = self.no_result(listing).await;
        Err(match self.untranslatable {
            Some(refusal) if failure.reason == Reason::NoSubtitleFound => {
                let message = format!("no '{}' subtitle was found, and {}", self.wanted, refusal.message);
                Failure { candidates: failure.candidates, ..Failure::new(refusal.reason, message) }
            }
            _ => failure,
        }
        .into())
    }

    /// Whether a file in `language` is only the source of a translation.
    pub(super) fn is_translated(&self, language: &Language) -> bool {
        self.task.spec.translation.policy == TranslationPolicy::Always || *language != self.wanted
    }

    /// The languages to look for: the wanted one, unless it must be translated, then those to translate from.
    fn languages(&self) -> Vec<Language> {
        let policy = self.task.spec.translation.policy;
        let wanted = Some(&self.wanted).filter(|_| policy != TranslationPolicy::Always);
        let from = self.from.iter().filter(|_| policy != TranslationPolicy::Never);
        wanted.into_iter().chain(from).cloned().collect()
    }

    /// Takes a file in `language`, asking more sources until one is found. Once all sources were asked, the other
    /// languages are taken from what they listed.
    async fn list_and_take(
        &self,
        listing: &mut Listing,
        languages: &[Language],
        language: &Language,
    ) -> Result<Option<Taken>, StopReason> {
        loop {
            self.list(listing, languages).await;
            let taken = self.take(listing, language).await?;
            if taken.is_some() || listing.asked == self.order.len() {
                return Ok(taken);
            }
        }
    }
}
