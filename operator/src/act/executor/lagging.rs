//! Remembers the jobs whose record in Redis is behind their status, and projects them again in pages. Called by the executor.
//! Does I/O.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

use super::context::Servers;
use crate::act::{
    error::RecordError,
    ports::{ClusterReader as _, Ports, RecordWriter as _},
};

/// Records written in one pipeline.
const PAGE: usize = 200;

/// The uids of jobs whose record is behind their status.
#[derive(Debug, Default)]
pub(super) struct Lagging(Mutex<HashSet<String>>);

impl Lagging {
    pub(super) fn add(&self, job: &SubtitleJob) {
        if let Some(uid) = job.uid() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uid);
        }
    }

    fn take(&self) -> HashSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Projects the jobs whose record is behind; returns how many records were replaced.
    pub(super) async fn project<P: Ports>(&self, servers: &Servers<P>) -> Result<usize, RecordError> {
        let lagging = self.take();
        if lagging.is_empty() {
            return Ok(0);
        }
        let mut cached = servers.cluster.all();
        cached.retain(|job| job.uid().is_some_and(|uid| lagging.contains(&uid)));
        self.project_each(servers, cached).await
    }

    /// Projects every job; returns how many records were replaced.
    pub(super) async fn project_all<P: Ports>(&self, servers: &Servers<P>) -> Result<usize, RecordError> {
        self.take();
        self.project_each(servers, servers.cluster.all()).await
    }

    async fn project_each<P: Ports>(
        &self,
        servers: &Servers<P>,
        cached: Vec<Arc<SubtitleJob>>,
    ) -> Result<usize, RecordError> {
        let mut newest = Vec::with_capacity(cached.len());
        for job in cached {
            newest.push(servers.cluster.newest(&job).await);
        }
        let mut older = 0;
        for (done, page) in newest.chunks(PAGE).enumerate() {
            match servers.records.project(&page.iter().collect::<Vec<_>>()).await {
                Ok(count) => older += count,
                Err(error) => {
                    newest[done * PAGE..].iter().for_each(|job| self.add(job));
                    return Err(error);
                }
            }
        }
        Ok(older)
    }
}
