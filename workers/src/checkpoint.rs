//! What is translated so far, batch by batch in the object store: whoever goes on after a worker died pays for at
//! most one batch again. A batch says which text it is of, so that one of another version is not mistaken.

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
pub struct Checkpoint {
    store: Store,
    folder: String,
    there: BTreeSet<String>,
}

fn fingerprint(texts: &[String]) -> String {
    // As JSON, so that pieces cannot run into each other.
    sha256(&serde_json::to_vec(texts).unwrap_or_default())
}

fn name(number: usize) -> String {
    format!("{number:08}")
}

impl Checkpoint {
    /// Looks at what is there.
    pub async fn open(store: &Store, namespace: &str, identity: &str) -> Result<Self, StoreError> {
        let folder = format!("{namespace}/batches/{}", &sha256(identity.as_bytes())[..40]);
        let there = store.names(&folder).await?.into_iter().collect();
        Ok(Self { store: store.clone(), folder, there })
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// The translations of batch `number`, if it is there and of these very texts.
    pub async fn read(&self, number: usize, texts: &[String]) -> Result<Option<Vec<String>>, StoreError> {
        let name = name(number);
        if !self.there.contains(&name) {
            return Ok(None);
        }
        let bytes = self.store.read(&self.key(&name)).await?;
        let batch = bytes.and_then(|bytes| serde_json::from_slice::<Batch>(&bytes).ok());
        Ok(batch.filter(|batch| batch.of == fingerprint(texts)).map(|batch| batch.translated))
    }

    /// Keeps the translations of batch `number`.
    pub async fn write(&self, number: usize, texts: &[String], translated: &[String]) -> Result<(), StoreError> {
        let batch = Batch { of: fingerprint(texts), translated: translated.to_vec() };
        self.store.replace(&self.key(&name(number)), serde_json::to_vec(&batch).unwrap_or_default().into()).await
    }

    /// Removes every batch: the whole is stored, or is not to be built from them.
    pub async fn remove(&self) -> Result<(), StoreError> {
        for name in self.store.names(&self.folder).await? {
            self.store.remove(&self.key(&name)).await?;
        }
        Ok(())
    }
}
