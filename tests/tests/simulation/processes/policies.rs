//! The ports of policies of an operator process: there is no policy here.

use std::{collections::BTreeMap, sync::Arc};

use subtitle_contract::policy::{
    SubtitlePolicy, SubtitlePolicyStatus,
    ledger::{Ledger, LedgerVideo},
};
use subtitle_operator::act::{
    ClusterError, RecordError,
    ports::{PolicyReader, PolicyWriter},
};

/// No policy.
pub(crate) struct NoPolicies;

impl PolicyReader for NoPolicies {
    fn policies(&self) -> Vec<Arc<SubtitlePolicy>> {
        Vec::new()
    }

    async fn ledger(&self, _: &str) -> Result<Ledger, RecordError> {
        Ok(Ledger::new())
    }

    async fn ledger_videos(&self, _: &str, _: &[String]) -> Result<Ledger, RecordError> {
        Ok(Ledger::new())
    }
}

impl PolicyWriter for NoPolicies {
    async fn write_policy_status(&self, _: &SubtitlePolicy, _: &SubtitlePolicyStatus) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn write_ledger(&self, _: &str, _: &BTreeMap<String, Option<LedgerVideo>>) -> Result<(), RecordError> {
        Ok(())
    }
}
