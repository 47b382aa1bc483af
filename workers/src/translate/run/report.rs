//! What is known of a translation besides its text, stored beside it: the cues that stayed untranslated, and how hard it is
//! to read. Does I/O.

use serde::{Deserialize, Serialize};
use subtitle_contract::job::{JobResult, Readability, Untranslated};

use super::super::text::readability;
use crate::{
    artifact::StoreArtifact,
    store::{Store, StoreError},
    subtitle::Subtitle,
};

/// The most cue numbers in a report.
const MOST_NUMBERS: usize = 50;

/// What is known of a translation besides its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TranslationReport {
    untranslated: Option<Untranslated>,
    readability: Option<Readability>,
}

fn key(translation: &str) -> String {
    format!("{translation}.report.json")
}

impl TranslationReport {
    /// The report on a translation of which the cues with the numbers `rejected` stayed untranslated.
    pub(crate) fn new(translated: &Subtitle, rejected: &[usize]) -> Self {
        let number = |number: &usize| u32::try_from(*number).unwrap_or(u32::MAX);
        let untranslated = (!rejected.is_empty()).then(|| Untranslated {
            count: number(&rejected.len()),
            cues: rejected.iter().take(MOST_NUMBERS).map(number).collect(),
        });
        Self { untranslated, readability: Some(readability::counted(translated)) }
    }

    /// Stores it beside the translation with this key.
    pub(crate) async fn store(&self, store: &Store, translation: &str) -> Result<(), StoreError> {
        store.replace(&key(translation), serde_json::to_vec(self).unwrap_or_default().into()).await
    }

    /// The report beside the translation with this key.
    pub(crate) async fn read(store: &Store, translation: &str) -> Result<Self, StoreError> {
        let bytes = store.read(&key(translation)).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Adds it to the translation's result.
    pub(crate) fn add_to(self, artifact: StoreArtifact) -> StoreArtifact {
        let Self { untranslated, readability } = self;
        StoreArtifact { result: JobResult { untranslated, readability, ..artifact.result }, ..artifact }
    }
}
