//! What the handlers share. Built once at the start from the arguments.

use std::sync::Arc;

use super::auth::Auth;
use crate::act::{Executor, Files, Production};

/// Cheap to clone: axum clones it for each request.
#[derive(Clone)]
pub(super) struct HttpState {
    /// Reads jobs and records; creates jobs.
    pub(super) executor: Arc<Executor<Production>>,
    /// For reads that are not in the cache.
    pub(super) client: kube::Client,
    /// The namespace of jobs created here, unless the request names one.
    pub(super) namespace: String,
    /// The namespaces that are watched; empty for all.
    pub(super) watched: Arc<[String]>,
    /// Where results are.
    pub(super) files: Files,
    pub(super) auth: Arc<Auth>,
}

impl HttpState {
    pub(super) fn watches(&self, namespace: &str) -> bool {
        self.watched.is_empty() || self.watched.iter().any(|watched| watched == namespace)
    }
}
