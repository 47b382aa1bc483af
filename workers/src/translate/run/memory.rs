//! The translation memory: a text that a paid engine has translated is not paid for again, whichever job it belongs to.
//! Texts come in, their known translations go out. One object per text, in the job's namespace; the store's lifecycle
//! expires them. Does I/O.

use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::store::{Store, StoreError, sha256};

/// Objects read or written at the same time.
const CONCURRENCY: usize = 16;

/// The memory of one namespace for one engine, pair and glossary.
pub(crate) struct TranslationMemory {
    store: Store,
    folder: String,
}

impl TranslationMemory {
    /// `identity` is everything that a translation depends on besides its text.
    pub(crate) fn new(store: &Store, namespace: &str, identity: &str) -> Self {
        Self { store: store.clone(), folder: format!("{namespace}/memory/{}", &sha256(identity.as_bytes())[..20]) }
    }

    fn key(&self, text: &str) -> String {
        format!("{}/{}", self.folder, &sha256(text.as_bytes())[..40])
    }

    /// The known translation of each text.
    pub(crate) async fn lookup(&self, texts: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        let read = async |text: &String| {
            let bytes = self.store.read(&self.key(text)).await?;
            Ok(bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
        };
        stream::iter(texts).map(read).buffered(CONCURRENCY).try_collect().await
    }

    /// Stores translations that passed every check; one that is already known stays.
    pub(crate) async fn remember(&self, pairs: &[(&str, &str)]) -> Result<(), StoreError> {
        let write = async |(text, translation): &(&str, &str)| {
            self.store.create(&self.key(text), (*translation).to_owned().into()).await.map(drop)
        };
        stream::iter(pairs).map(write).buffer_unordered(CONCURRENCY).try_collect().await
    }
}
