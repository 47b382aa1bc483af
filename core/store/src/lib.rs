//! The object store: objects are created if absent, or replaced. The operator and the workers open it with the same URL and
//! settings; it contains results, glossaries, checkpoints and claims. Does I/O.
#![warn(missing_docs)]

mod keys;

use std::{io, path::Path as FilePath, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::TryStreamExt as _;
use keys::MountedKeys;
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig,
    aws::AmazonS3Builder, local::LocalFileSystem, memory::InMemory, path::Path,
};
use sha2::{Digest as _, Sha256};
use url::Url;

/// Why the store cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is invalid.
    #[error("failed to open the object store '{url}': {problem}; use file:///folder, s3://bucket/prefix or memory:")]
    Url {
        /// The URL, without user and password.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The folder of a `file:` URL cannot be created.
    #[error("failed to create the folder of the object store '{url}'")]
    Folder {
        /// The URL.
        url: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The store's client rejects its settings.
    #[error("failed to open the object store '{url}'")]
    Open {
        /// The URL, without user and password.
        url: String,
        /// The client's error.
        #[source]
        source: object_store::Error,
    },
    /// The mounted Secret lacks the access keys.
    #[error("failed to open the object store")]
    Secret(#[from] subtitle_secret::SecretError),
    /// A request failed.
    #[error("failed to {action} '{key}' in the object store")]
    Request {
        /// A verb, such as `read`.
        action: &'static str,
        /// The key without the store's prefix.
        key: String,
        /// The store's error.
        #[source]
        source: object_store::Error,
    },
}

/// The objects under one prefix of a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// Encodes bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

/// The SHA-256 digest in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Store {
    /// Opens `file:///folder` (created if missing), `s3://bucket/prefix` (credentials, region and endpoint from
    /// the usual `AWS_*` variables) or `memory:`.
    pub fn open(url: &Url) -> Result<Self, StoreError> {
        Self::open_with(url, None)
    }

    /// Like [`Store::open`], with the access keys of an S3 store from the Secret mounted at `secret`, which is read for each
    /// request.
    pub fn open_with(url: &Url, secret: Option<&FilePath>) -> Result<Self, StoreError> {
        let redacted = || format!("{}://…{}", url.scheme(), url.path());
        let invalid = |problem| StoreError::Url { url: redacted(), problem };
        let failed = |source| StoreError::Open { url: redacted(), source };
        let (inner, prefix): (Arc<dyn ObjectStore>, &str) = match url.scheme() {
            "memory" => (Arc::new(InMemory::new()), ""),
            "file" => {
                let folder = url.to_file_path().map_err(|()| invalid("it has no folder"))?;
                std::fs::create_dir_all(&folder).map_err(|source| StoreError::Folder { url: redacted(), source })?;
                let store = LocalFileSystem::new_with_prefix(folder).map_err(failed)?;
                (Arc::new(store), "")
            }
            "s3" => {
                let bucket = url.host_str().ok_or_else(|| invalid("it has no bucket"))?;
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
                (Arc::new(store.map_err(failed)?), url.path())
            }
            _ => return Err(invalid("its scheme is not supported")),
        };
        Ok(Self { inner, prefix: Path::from(prefix) })
    }

    /// Wraps a client, without a prefix.
    pub fn over(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, prefix: Path::default() }
    }

    fn path(&self, key: &str) -> Path {
        key.split('/').fold(self.prefix.clone(), object_store::path::Path::join)
    }

    /// Stores `bytes` if the key is absent; returns whether this call created it.
    pub async fn create(&self, key: &str, bytes: Bytes) -> Result<bool, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.inner.put_opts(&self.path(key), PutPayload::from(bytes), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(false),
            Err(source) => Err(StoreError::Request { action: "create", key: key.to_owned(), source }),
        }
    }

    /// Stores `bytes`, replacing any object with this key.
    pub async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        let put = self.inner.put(&self.path(key), PutPayload::from(bytes)).await;
        put.map(drop).map_err(|source| StoreError::Request { action: "write", key: key.to_owned(), source })
    }

    /// Reads an object; `None` if it does not exist.
    pub async fn read(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let failed = |source| StoreError::Request { action: "read", key: key.to_owned(), source };
        match self.inner.get(&self.path(key)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(failed)?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    /// Removes an object, if it exists.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match self.inner.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(StoreError::Request { action: "remove", key: key.to_owned(), source }),
        }
    }

    /// Lists the last segments of all keys under `folder`, in no particular order.
    pub async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let listed: Result<Vec<_>, _> = self.inner.list(Some(&self.path(folder))).try_collect().await;
        let listed = listed.map_err(|source| StoreError::Request { action: "list", key: folder.to_owned(), source })?;
        Ok(listed.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }
}
