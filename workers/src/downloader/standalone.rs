//! The downloader outside of a task, for the command line and for tests: a spec comes in, what the downloader makes of it goes
//! out, and nothing that stops it. Does I/O through its sources.

use subtitle_clock::{Clock, SystemRuntime};
use subtitle_contract::{
    job::SubtitleJobSpec,
    payload::{DownloadRequested, Subject},
    reason::Reason,
};

use super::{run::DownloadOutcome, settings::Downloader};
use crate::{
    failure::Failure,
    find::{Finder, Search, SourceId},
    metrics::WorkerMetrics,
    observations::Observations,
    store::Store,
    task::{StopReason, StopSignal, claim::Claimant},
};

/// Work that nobody stops.
struct NeverStop;

impl StopSignal for NeverStop {
    fn check(&self) -> Result<(), StopReason> {
        Ok(())
    }
}

impl Downloader {
    /// A downloader that asks these sources in this order, and keeps results in `store`.
    pub fn standalone(finder: Finder, order: Vec<SourceId>, store: Store) -> Self {
        Self {
            store,
            finder,
            order,
            public_url: String::new(),
            metrics: WorkerMetrics::new("standalone").1,
            clock: SystemRuntime::default(),
            claimant: Claimant::new("standalone"),
            announcements: Observations::default(),
        }
    }
}

impl<S: Search, C: Clock> Downloader<S, C> {
    /// What a job of this name and spec would get.
    pub async fn answer(&self, name: &str, spec: SubtitleJobSpec) -> Result<DownloadOutcome, Failure> {
        let task = DownloadRequested {
            video_url: String::new(),
            video_title: String::new(),
            language: spec.language.clone(),
            preferred_sources: spec.source_names(),
            spec,
            glossary: None,
        };
        let name = name.to_owned();
        let subject = Subject { job_id: name.clone(), namespace: "standalone".to_owned(), name, attempt: 1 };
        self.run(&task, &subject, &NeverStop).await.map_err(|stopped| match stopped {
            StopReason::Failed(failure) => failure,
            other => Failure::new(Reason::WorkerError, other.to_string()),
        })
    }
}
