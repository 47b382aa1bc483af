//! What scans have learned of the files of a library, in the object store below the namespace: a manifest and the segments that
//! it lists, each a run of videos in the order of a scan. A scan reads and writes them along with its walk, so that its memory
//! does not grow with the library, and a scan that was interrupted has kept all but its last segment. What is missing or damaged
//! is learned again. Does I/O.

mod known;
mod learned;
mod manifest;
mod video;

use subtitle_telemetry::chain;

use crate::store::Store;
use manifest::Manifest;

pub(super) use known::KnownVideos;
pub(super) use learned::LearnedVideos;
pub(super) use video::{CachedSidecar, CachedVideo};

/// The name of the object beside the segments that lists them.
const MANIFEST: &str = "manifest";

/// The cache of one library in one namespace.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    store: Store,
    folder: String,
}

impl Cache {
    pub(super) fn new(store: &Store, namespace: &str, library: &str) -> Self {
        Self { store: store.clone(), folder: format!("{namespace}/scans/{library}") }
    }

    /// What earlier scans learned, and the place for what this one learns.
    pub(super) async fn open(&self) -> (KnownVideos, LearnedVideos) {
        let manifest = match self.store.read(&self.key(MANIFEST)).await {
            Ok(json) => json.and_then(|json| Manifest::parse(&json)).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "failed to read what earlier scans learned; reading every video");
                Manifest::default()
            }
        };
        (KnownVideos::new(self.clone(), &manifest), LearnedVideos::new(self.clone(), manifest))
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}
