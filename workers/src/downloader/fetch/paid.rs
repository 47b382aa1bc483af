//! A provider's file is paid for once: its bytes are stored as they came, under namespace, provider and file id, and of all
//! workers that want them at the same time one fetches. Does I/O.

use std::time::Duration;

use bytes::Bytes;
use subtitle_clock::Clock;
use subtitle_contract::reason::Reason;

use super::{super::plan::DownloadPlan, error::FetchError};
use crate::{
    failure::Failure,
    find::{FetchedContent, FoundSubtitle, Search},
    store::sha256,
    task::{claim::TakeOutcome, renew_until_lost},
};

/// How often the result of another worker's download is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

impl<S: Search, C: Clock> DownloadPlan<'_, S, C> {
    /// The bytes of `found`: those that any worker fetched in this namespace before, else fetched now by the holder of the
    /// claim to the file.
    pub(super) async fn fetch_paid(&self, found: &FoundSubtitle) -> Result<Bytes, FetchError> {
        let (store, clock) = (&self.downloader.store, &self.downloader.clock);
        let name = &sha256(found.identity.as_bytes())[..40];
        let key = format!("{}/fetched/{name}", self.subject.namespace);
        let folder = format!("{}/claims/fetch-{name}", self.subject.namespace);
        loop {
            if let Some(bytes) = store.read(&key).await? {
                self.downloader.metrics.cache_hits.increment(["fetched"]);
                return Ok(bytes);
            }
            // Not paid for if the job was deleted meanwhile, or the session ended.
            self.stop_signal.check()?;
            let claim = match self.downloader.claimant.take(store, &folder, clock).await? {
                TakeOutcome::Ours(claim) => claim,
                // Its holder will be done soon; one that died is noticed within a lease.
                TakeOutcome::Held { .. } => {
                    clock.sleep(POLL_INTERVAL).await;
                    continue;
                }
            };
            // It may have been stored between the read and the claim.
            let fetched = match store.read(&key).await {
                Ok(Some(bytes)) => Some(Ok(bytes)),
                Ok(None) => tokio::select! {
                    biased;
                    fetched = self.fetch_and_store(found, &key) => Some(fetched),
                    // The next holder of the claim pays for what is not paid for by now.
                    () = renew_until_lost(&claim, clock) => None,
                },
                Err(error) => Some(Err(error.into())),
            };
            if let Some(fetched) = fetched {
                // A claim that is not released is taken over when it stays unchanged.
                let _ = claim.release().await;
                return fetched;
            }
            // Not released: another worker may hold it by now.
        }
    }

    async fn fetch_and_store(&self, found: &FoundSubtitle, key: &str) -> Result<Bytes, FetchError> {
        // Stopped while it waited for the store.
        self.stop_signal.check()?;
        let content = self.downloader.finder.fetch(found).await;
        self.count_fetch(found, content.is_ok());
        let FetchedContent::Bytes(bytes) = content? else {
            let message = format!("{}: a provider gave a track, which is a bug of the worker", found.label);
            return Err(Failure::new(Reason::WorkerError, message).into());
        };
        let bytes = Bytes::from(bytes);
        self.downloader.store.create(key, bytes.clone()).await?;
        Ok(bytes)
    }
}
