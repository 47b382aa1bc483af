//! The object store: subtitle files and claims by key, created only where absent. Operator and workers open it
//! by the same URL and settings. Does I/O.
#![warn(missing_docs)]

mod keys;

use std::{path::Path as FilePath, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::TryStreamExt as _;
use keys::MountedKeys;
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig,
    aws::AmazonS3Builder, local::LocalFileSystem, memory::InMemory, path::Path,
};
use sha2::{Digest as _, Sha256};
use url::Url;

/// The store could not be reached or refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A URL this version does not know.
    #[error("failed to open the object store '{url}': {message}; use file:///folder, s3://bucket/prefix or memory:")]
    Url {
        /// The URL, without a password.
        url: String,
        /// What is wrong.
        message: String,
    },
    /// The mounted Secret has no keys.
    #[error("failed to open the object store: {0}")]
    Secret(#[from] subtitle_secret::SecretError),
    /// A request failed.
    #[error("failed to {action} '{key}' in the object store: {source}")]
    Request {
        /// What was tried.
        action: &'static str,
        /// On what.
        key: String,
        /// What the store said.
        source: object_store::Error,
    },
}

/// A store under one prefix.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

/// SHA-256 as hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Store {
    /// Opens `file:///folder` (created if missing), `s3://bucket/prefix` (credentials, region and endpoint from
    /// the usual `AWS_*` variables) or `memory:`.
    pub fn open(url: &Url) -> Result<Self, StoreError> {
        Self::open_with(url, None)
    }

    /// The same, with the keys of an S3 store from the Secret mounted at `secret`, which is read for each request.
    pub fn open_with(url: &Url, secret: Option<&FilePath>) -> Result<Self, StoreError> {
        let refused =
            |message: String| StoreError::Url { url: format!("{}://…{}", url.scheme(), url.path()), message };
        let (inner, prefix): (Arc<dyn ObjectStore>, &str) = match url.scheme() {
            "memory" => (Arc::new(InMemory::new()), ""),
            "file" => {
                let folder = url.to_file_path().map_err(|()| refused("no folder".to_owned()))?;
                std::fs::create_dir_all(&folder).map_err(|error| refused(error.to_string()))?;
                let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| refused(error.to_string()))?;
                (Arc::new(store), "")
            }
            "s3" => {
                let bucket = url.host_str().ok_or_else(|| refused("no bucket".to_owned()))?;
                let retries =
                    RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
                let timeouts = ClientOptions::new()
                    .with_timeout(Duration::from_secs(20))
                    .with_connect_timeout(Duration::from_secs(5))
                    .with_allow_http(true);
                let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
                if let Some(folder) = secret.filter(|folder| !folder.as_os_str().is_empty()) {
                    builder = builder.with_credentials(Arc::new(MountedKeys::at(folder)?));
                }
                let store = builder.with_client_options(timeouts).with_retry(retries).build();
                (Arc::new(store.map_err(|error| refused(error.to_string()))?), url.path())
            }
            other => return Err(refused(format!("'{other}' is not known"))),
        };
        Ok(Self { inner, prefix: Path::from(prefix) })
    }

    /// Over a client that is open already.
    pub fn over(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, prefix: Path::default() }
    }

    fn path(&self, key: &str) -> Path {
        key.split('/').fold(self.prefix.clone(), object_store::path::Path::join)
    }

    /// Stores `bytes` unless the key exists; true if this call created it.
    pub async fn create(&self, key: &str, bytes: Bytes) -> Result<bool, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.inner.put_opts(&self.path(key), PutPayload::from(bytes), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(false),
            Err(source) => Err(StoreError::Request { action: "create", key: key.to_owned(), source }),
        }
    }

    /// Stores `bytes` whether or not the key exists.
    pub async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        let put = self.inner.put(&self.path(key), PutPayload::from(bytes)).await;
        put.map(drop).map_err(|source| StoreError::Request { action: "write", key: key.to_owned(), source })
    }

    /// The bytes, or none where the key is absent.
    pub async fn read(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let failed = |source| StoreError::Request { action: "read", key: key.to_owned(), source };
        match self.inner.get(&self.path(key)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(failed)?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    /// Removes the key; absent is fine.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match self.inner.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(StoreError::Request { action: "remove", key: key.to_owned(), source }),
        }
    }

    /// The last parts of all keys under `folder`.
    pub async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let listed: Result<Vec<_>, _> = self.inner.list(Some(&self.path(folder))).try_collect().await;
        let listed = listed.map_err(|source| StoreError::Request { action: "list", key: folder.to_owned(), source })?;
        Ok(listed.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }
}
