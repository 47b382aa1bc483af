//! The objects of one cache in the store: a manifest, and segments named by their digests. Does I/O.

use bytes::Bytes;

use crate::store::{Store, StoreError};

/// The name of the object beside the segments that lists them.
pub(super) const MANIFEST: &str = "manifest";

/// The folder of a cache.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    store: Store,
    folder: String,
}

impl Objects {
    pub(super) fn new(store: &Store, namespace: &str, library: &str) -> Self {
        Self { store: store.clone(), folder: format!("{namespace}/scans/{library}") }
    }

    pub(super) async fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        self.store.read(&self.key(name)).await
    }

    pub(super) async fn write(&self, name: &str, content: Vec<u8>) -> Result<(), StoreError> {
        self.store.replace(&self.key(name), content.into()).await
    }

    /// Removes every object but those that `keeps`.
    pub(super) async fn remove_others(&self, keeps: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        for name in self.store.names(&self.folder).await?.into_iter().filter(|name| !keeps(name)) {
            self.store.remove(&self.key(&name)).await?;
        }
        Ok(())
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}
