//! What is translated so far, batch by batch in the object store: a worker that resumes after another one died pays for at
//! most one batch again. Each batch has the fingerprint of its source, so that one of another version is not used.
//! Does I/O.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError, sha256};

#[derive(Serialize, Deserialize)]
struct Batch {
    /// SHA-256 of the pieces before translation.
    of: String,
    translated: Vec<String>,
}

/// The batches of one text, pair, engine and glossary.
pub(crate) struct Checkpoint {
    store: Store,
    folder: String,
    stored: BTreeSet<String>,
}

fn fingerprint(texts: &[String]) -> String {
    // As JSON, so that pieces cannot run into each other.
    sha256(&serde_json::to_vec(texts).unwrap_or_default())
}

fn name(number: usize) -> String {
    format!("{number:08}")
}

impl Checkpoint {
    /// Lists the batches that are stored.
    pub(crate) async fn open(store: &Store, namespace: &str, identity: &str) -> Result<Self, StoreError> {
        let folder = format!("{namespace}/batches/{}", &sha256(identity.as_bytes())[..40]);
        let stored = store.names(&folder).await?.into_iter().collect();
        Ok(Self { store: store.clone(), folder, stored })
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// The translations of batch `number`, if it is stored and has these very texts as its source.
    pub(crate) async fn read(&self, number: usize, texts: &[String]) -> Result<Option<Vec<String>>, StoreError> {
        let name = name(number);
        if !self.stored.contains(&name) {
            return Ok(None);
        }
        let bytes = self.store.read(&self.key(&name)).await?;
        let batch = bytes.and_then(|bytes| serde_json::from_slice::<Batch>(&bytes).ok());
        Ok(batch.filter(|batch| batch.of == fingerprint(texts)).map(|batch| batch.translated))
    }

    /// Stores the translations of batch `number`.
    pub(crate) async fn write(&self, number: usize, texts: &[String], translated: &[String]) -> Result<(), StoreError> {
        let batch = Batch { of: fingerprint(texts), translated: translated.to_vec() };
        self.store.replace(&self.key(&name(number)), serde_json::to_vec(&batch).unwrap_or_default().into()).await
    }

    /// Removes every batch: the whole file is stored, or must not be built from them.
    pub(crate) async fn remove(&self) -> Result<(), StoreError> {
        for name in self.store.names(&self.folder).await? {
            self.store.remove(&self.key(&name)).await?;
        }
        Ok(())
    }
}
