//! The translation memory: what an engine that costs something has translated once, it is not paid for again, whichever
//! job and film it stands in. Texts come in, their translations or nothing go out. One object a text, in the job's own
//! namespace; the store's lifecycle expires them. Does I/O.

use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::store::{Store, StoreError, sha256};

/// Objects asked for at once.
const AT_ONCE: usize = 16;

/// The memory of one namespace for one engine, pair and glossary.
pub(crate) struct Memory {
    store: Store,
    folder: String,
}

impl Memory {
    /// `identity` says everything a translation depends on but its text.
    pub(crate) fn of(store: &Store, namespace: &str, identity: &str) -> Self {
        Self { store: store.clone(), folder: format!("{namespace}/memory/{}", &sha256(identity.as_bytes())[..20]) }
    }

    fn key(&self, text: &str) -> String {
        format!("{}/{}", self.folder, &sha256(text.as_bytes())[..40])
    }

    /// Each text's translation, where it is known.
    pub(crate) async fn known(&self, texts: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        let read = async |text: &String| {
            let bytes = self.store.read(&self.key(text)).await?;
            Ok(bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
        };
        stream::iter(texts).map(read).buffered(AT_ONCE).try_collect().await
    }

    /// Keeps translations that passed every check; what is known already stands.
    pub(crate) async fn keep(&self, pairs: &[(&str, &str)]) -> Result<(), StoreError> {
        let write = async |(text, translation): &(&str, &str)| {
            self.store.create(&self.key(text), (*translation).to_owned().into()).await.map(drop)
        };
        stream::iter(pairs).map(write).buffer_unordered(AT_ONCE).try_collect().await
    }
}
