//! What is known of a translation besides its text, kept beside it in the store: what stayed untranslated, and how hard
//! it is to read. Does I/O.

use serde::{Deserialize, Serialize};
use subtitle_contract::job::{JobResult, Readability, Untranslated};

use super::readability;
use crate::{
    artefact::Artefact,
    store::{Store, StoreError},
    subtitle::Subtitle,
};

/// As many cues are named.
const NAMED: usize = 50;

/// Beside a translation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    untranslated: Option<Untranslated>,
    readability: Option<Readability>,
}

fn key(of: &str) -> String {
    format!("{of}.report.json")
}

impl Report {
    /// Of a translation of which the cues with these numbers were refused.
    pub(crate) fn of(translated: &Subtitle, refused: &[usize]) -> Self {
        let number = |number: &usize| u32::try_from(*number).unwrap_or(u32::MAX);
        let untranslated = (!refused.is_empty()).then(|| Untranslated {
            count: number(&refused.len()),
            cues: refused.iter().take(NAMED).map(number).collect(),
        });
        Self { untranslated, readability: Some(readability::counted(translated)) }
    }

    /// Keeps it beside the translation of this key.
    pub(crate) async fn store(&self, store: &Store, of: &str) -> Result<(), StoreError> {
        store.replace(&key(of), serde_json::to_vec(self).unwrap_or_default().into()).await
    }

    /// What is beside the translation of this key.
    pub(crate) async fn read(store: &Store, of: &str) -> Result<Self, StoreError> {
        let bytes = store.read(&key(of)).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// The translation with it.
    pub(crate) fn beside(self, artefact: Artefact) -> Artefact {
        let Self { untranslated, readability } = self;
        Artefact { result: JobResult { untranslated, readability, ..artefact.result }, ..artefact }
    }
}
