//! Remembers the jobs whose record in Redis differs from their status: those behind it are projected again in pages, those
//! ahead of it are for the controller. Called by the executor. Does I/O.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

use super::context::Servers;
use crate::act::{
    error::RecordError,
    ports::{ClusterReader as _, Ports, Projected, RecordWriter as _},
};

/// Records written in one pipeline.
const PAGE: usize = 200;

/// The uids of jobs whose record is behind their status, or ahead of it.
#[derive(Debug, Default)]
pub(super) struct Lagging {
    behind: Mutex<HashSet<String>>,
    ahead: Mutex<HashSet<String>>,
}

fn locked(uids: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    uids.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lagging {
    pub(super) fn add(&self, job: &SubtitleJob) {
        locked(&self.behind).extend(job.uid());
    }

    fn take(&self) -> HashSet<String> {
        std::mem::take(&mut *locked(&self.behind))
    }

    pub(super) fn is_ahead(&self, uid: &str) -> bool {
        locked(&self.ahead).contains(uid)
    }

    pub(super) fn all_ahead(&self) -> HashSet<String> {
        locked(&self.ahead).clone()
    }

    pub(super) fn compared(&self, uid: &str) {
        locked(&self.ahead).remove(uid);
    }

    /// Projects one job.
    pub(super) async fn project_one<P: Ports>(
        &self,
        servers: &Servers<P>,
        job: &SubtitleJob,
    ) -> Result<(), RecordError> {
        self.project_page(servers, &[job]).await.map(drop)
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
            match self.project_page(servers, &page.iter().collect::<Vec<_>>()).await {
                Ok(count) => older += count,
                Err(error) => {
                    newest[done * PAGE..].iter().for_each(|job| self.add(job));
                    return Err(error);
                }
            }
        }
        Ok(older)
    }

    async fn project_page<P: Ports>(&self, servers: &Servers<P>, jobs: &[&SubtitleJob]) -> Result<usize, RecordError> {
        let projected = servers.records.project(jobs).await?;
        let is_ahead =
            |(job, projected): (&&SubtitleJob, &Projected)| (*projected == Projected::Ahead).then(|| job.uid())?;
        locked(&self.ahead).extend(jobs.iter().zip(&projected).filter_map(is_ahead));
        Ok(projected.iter().filter(|projected| **projected == Projected::Replaced).count())
    }
}
