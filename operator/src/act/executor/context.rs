//! What a plan is applied to and in, and what its caller learns of it. Names the servers and calls none.

use std::sync::Arc;

use jiff::Timestamp;
use subtitle_contract::job::SubtitleJob;

use crate::{
    act::{files::Files, ports::Ports},
    metrics::Cause,
};

/// The servers that effects are applied to.
pub struct Servers<P: Ports> {
    /// Kubernetes.
    pub cluster: Arc<P::Cluster>,
    /// Redis.
    pub records: Arc<P::Records>,
    /// Policies and their ledgers.
    pub policies: Arc<P::Policies>,
    /// The object store.
    pub files: Files,
}

/// What a plan is applied in.
pub struct ApplyContext<'a, S> {
    /// The object the plan was decided on.
    pub job: Option<SubtitleJob>,
    /// The session to publish on.
    pub session: Option<&'a S>,
    /// The events the plan was decided for; `None` for a plan that no event caused.
    pub cause: Option<Cause>,
    /// The time of day.
    pub now: Timestamp,
}

impl<'a, S> ApplyContext<'a, S> {
    /// Without a job and without a session.
    pub const fn new(now: Timestamp) -> Self {
        Self { job: None, session: None, cause: None, now }
    }

    /// With a session to publish on.
    pub const fn on_session(session: &'a S, now: Timestamp) -> Self {
        Self { job: None, session: Some(session), cause: None, now }
    }
}

/// What a caller may need to know of a plan that was applied.
#[derive(Debug, Default)]
pub struct Applied {
    /// The object as it is afterwards.
    pub job: Option<SubtitleJob>,
    /// Whether a batch of the history was appended; `false` if the checkpoint in Redis is not the expected one.
    pub is_appended: bool,
    /// How many records `ProjectLagging` and `ProjectAll` replaced.
    pub projected: usize,
}
