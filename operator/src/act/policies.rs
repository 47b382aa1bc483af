//! Policies and their ledgers on the real servers: the API server and Redis behind one port. Does I/O.

use std::{collections::BTreeMap, sync::Arc};

use subtitle_contract::policy::{
    SubtitlePolicy, SubtitlePolicyStatus,
    ledger::{Ledger, LedgerVideo},
};

use super::{
    error::{ClusterError, RecordError},
    kube::KubePolicies,
    ports::{PolicyReader, PolicyWriter},
    redis::RedisRecords,
};

/// `PolicyReader` and `PolicyWriter` over the Kubernetes API and Redis.
pub struct PolicyServers {
    policies: KubePolicies,
    ledgers: Arc<RedisRecords>,
}

impl PolicyServers {
    /// The policies are in Kubernetes, their ledgers in Redis.
    pub const fn new(policies: KubePolicies, ledgers: Arc<RedisRecords>) -> Self {
        Self { policies, ledgers }
    }
}

impl PolicyReader for PolicyServers {
    fn policies(&self) -> Vec<Arc<SubtitlePolicy>> {
        self.policies.all()
    }

    async fn ledger(&self, uid: &str) -> Result<Ledger, RecordError> {
        self.ledgers.ledger(uid).await
    }

    async fn ledger_videos(&self, uid: &str, paths: &[String]) -> Result<Ledger, RecordError> {
        self.ledgers.ledger_videos(uid, paths).await
    }
}

impl PolicyWriter for PolicyServers {
    async fn write_policy_status(
        &self,
        policy: &SubtitlePolicy,
        status: &SubtitlePolicyStatus,
    ) -> Result<(), ClusterError> {
        self.policies.write_status(policy, status).await
    }

    async fn write_ledger(
        &self,
        uid: &str,
        changes: &BTreeMap<String, Option<LedgerVideo>>,
    ) -> Result<(), RecordError> {
        self.ledgers.write_ledger(uid, changes).await
    }
}
