//! A provider's file is paid for once: its bytes are kept in the store, as they came, under namespace, provider and
//! file id, and of all who want them at the same time one fetches. Does I/O.

use std::time::Duration;

use bytes::Bytes;
use subtitle_contract::payload::Subject;

use super::{Downloader, take::Unfetched};
use crate::{
    claim::{Claim, Claimed},
    clock::Clock,
    failure::Failure,
    find::{Content, Found},
    hold::until_lost,
    report::{Gate, Stopped},
    search::Search,
    store::sha256,
};

/// How soon somebody else's download is noticed.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Bytes that cost something, or why there are none.
pub(super) enum Once {
    /// Here they are.
    Bytes(Bytes),
    /// The provider did not give them, or the store did not take them.
    Unfetched(Unfetched),
}

impl<S: Search, C: Clock> Downloader<S, C> {
    /// The bytes of `found`: those that anybody in this namespace fetched before, else fetched now by whoever holds the
    /// claim to it.
    pub(super) async fn once(&self, found: &Found, subject: &Subject, gate: &dyn Gate) -> Result<Once, Stopped> {
        let name = &sha256(found.identity.as_bytes())[..40];
        let key = format!("{}/fetched/{name}", subject.namespace);
        let folder = format!("{}/claims/fetch-{name}", subject.namespace);
        let owner = uuid::Uuid::now_v7().to_string();
        loop {
            if let Some(bytes) = self.store.read(&key).await? {
                self.metrics.cache_hits.increment(["fetched"]);
                return Ok(Once::Bytes(bytes));
            }
            // Not paid for, if meanwhile the job was deleted or the session ended.
            gate.pass()?;
            let claim = match Claim::take(&self.store, &folder, &owner, self.clock.now()).await? {
                Claimed::Ours(claim) => claim,
                // Whoever holds it will be done, or dead, within a lease.
                Claimed::Theirs(_) => {
                    self.clock.sleep(LOOK_AGAIN_AFTER).await;
                    continue;
                }
            };
            // It may have been stored between the look and the claim.
            let fetched = match self.store.read(&key).await {
                Ok(Some(bytes)) => Some(Ok(Once::Bytes(bytes))),
                Ok(None) => tokio::select! {
                    biased;
                    fetched = self.fetch_and_store(found, &key) => Some(fetched),
                    // What is not paid for by now is paid for by whoever has the claim.
                    () = until_lost(&claim, &self.clock) => None,
                },
                Err(error) => Some(Err(error.into())),
            };
            if let Some(fetched) = fetched {
                // A claim that is not given back ends by itself.
                let _ = claim.release().await;
                return fetched;
            }
            // Not given back: it may have been renewed unseen, and is then respected until it ends, by this one, too.
        }
    }

    async fn fetch_and_store(&self, found: &Found, key: &str) -> Result<Once, Stopped> {
        let content = self.finder.fetch(found).await;
        self.count_fetch(found, content.is_ok());
        let bytes: Bytes = match content {
            Ok(Content::Bytes(bytes)) => bytes.into(),
            Ok(Content::Cues(_)) => {
                let message = format!("{}: a provider gave cues, which is a bug of the worker", found.label);
                return Ok(Once::Unfetched(Failure::new(subtitle_contract::reason::Reason::WorkerError, message).into()));
            }
            Err(error) => return Ok(Once::Unfetched(Unfetched::Source(error))),
        };
        self.store.create(key, bytes.clone()).await?;
        Ok(Once::Bytes(bytes))
    }
}
