//! The object store as the operator uses it: only by a [`StoreKey`], which belongs to one namespace. Called by the executor
//! and by the API's file route. Does I/O.

use bytes::Bytes;
use subtitle_contract::store_key::StoreKey;
use subtitle_store::{Store, StoreError};

/// The object store; has no method that takes a key as text.
#[derive(Clone, Debug)]
pub struct Files(Store);

impl Files {
    /// Over an open store.
    pub const fn new(store: Store) -> Self {
        Self(store)
    }

    /// The bytes; `None` if the key is absent.
    pub async fn read(&self, key: &StoreKey) -> Result<Option<Bytes>, StoreError> {
        self.0.read(key.as_str()).await
    }

    /// Stores `bytes` if the key is absent.
    pub(super) async fn create(&self, key: &StoreKey, bytes: Bytes) -> Result<(), StoreError> {
        self.0.create(key.as_str(), bytes).await.map(drop)
    }
}
