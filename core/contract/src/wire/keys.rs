//! Names of Redis keys, with and without hash tags for Redis Cluster. Pure.

/// How a key contains the job's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyStyle {
    /// `job:ID`, as clients of the old system expect.
    #[default]
    Plain,
    /// `job:{ID}`: one hash slot per job, for Redis Cluster.
    Cluster,
}

impl KeyStyle {
    fn id(self, id: &str) -> String {
        match self {
            Self::Plain => id.to_owned(),
            Self::Cluster => format!("{{{id}}}"),
        }
    }

    /// The job's record: a JSON string.
    pub fn record(self, id: &str) -> String {
        format!("job:{}", self.id(id))
    }

    /// Whether a key is that of a record, and not of a history.
    pub fn is_record(self, key: &str) -> bool {
        let id = key.strip_prefix("job:").unwrap_or_default();
        !id.is_empty() && !id.starts_with("events:") && !id.starts_with("seen:")
    }

    /// The job's events: a list, newest first.
    pub fn events(self, id: &str) -> String {
        format!("job:events:{}", self.id(id))
    }

    /// The ids of the job's events: a set.
    pub fn seen(self, id: &str) -> String {
        format!("job:seen:{}", self.id(id))
    }

    /// The ledger of a policy: a hash, with a JSON text for each video.
    pub fn ledger(self, policy_uid: &str) -> String {
        format!("policy:ledger:{}", self.id(policy_uid))
    }
}

/// The history loop's checkpoint: the stream offset up to which events are in Redis.
pub const HISTORY_OFFSET: &str = "subtitle:history:offset";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_keys_are_those_of_the_old_system() {
        assert_eq!(KeyStyle::Plain.record("7"), "job:7");
        assert_eq!(KeyStyle::Plain.events("7"), "job:events:7");
        assert_eq!(KeyStyle::Plain.seen("7"), "job:seen:7");
    }

    #[test]
    fn record_keys_are_distinguished_from_history_keys() {
        assert!(KeyStyle::Plain.is_record("job:7") && KeyStyle::Cluster.is_record("job:{7}"));
        assert!(!KeyStyle::Plain.is_record("job:events:7") && !KeyStyle::Plain.is_record("job:seen:7"));
    }

    #[test]
    fn cluster_keys_of_one_job_share_a_slot() {
        assert_eq!(KeyStyle::Cluster.record("7"), "job:{7}");
        assert_eq!(KeyStyle::Cluster.events("7"), "job:events:{7}");
    }
}
