//! Why an effect or a read failed, and what its caller does about it: [`ErrorClass`] drives requeueing, the consumer
//! loop and the error policy. Built by `act`, classified by the loops; names the servers' errors and calls none.

use std::time::Duration;

use subtitle_broker::BrokerError;
use subtitle_store::StoreError;

use crate::observe::watch::Undecodable;

/// The longest a call to the API server may take: kube's client has no timeout of its own.
pub(super) const CLUSTER_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest a call to Redis may take: a black-holed connection never reports itself.
pub(super) const REDIS_TIMEOUT: Duration = Duration::from_secs(3);

/// What a failed effect means for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Somebody else wrote first: read the object again and decide again.
    Conflict,
    /// The object does not exist any more.
    Gone,
    /// The API server will never accept this status.
    Rejected,
    /// The object exists and this version cannot decode it: nothing is decided about it until it changes.
    Undecodable,
    /// There is no usable session with the broker: the next one repeats it.
    Broker,
    /// A server is away or slow: try again later.
    Transient,
    /// The configuration is wrong: trying again does not help until it changes.
    Invalid,
}

/// A call to the API server failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// It refused the call or could not be reached.
    #[error("failed to call the API server")]
    Request(#[from] kube::Error),
    /// It did not answer.
    #[error("failed to get an answer from the API server within {} s", CLUSTER_TIMEOUT.as_secs())]
    Timeout,
    /// Somebody else wrote first.
    #[error("failed to write the status of a job that has changed since it was read")]
    Conflict,
    /// The CRD's schema refuses this status, and will refuse it again; with the API server's message.
    #[error("failed to write a status that the API server does not accept: {0}")]
    Rejected(String),
    /// The object is gone.
    #[error("failed to write the status of a job that does not exist any more")]
    Gone,
    /// The object exists and this version cannot decode it.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
}

impl ClusterError {
    /// What it means for the caller.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Request(_) | Self::Timeout => ErrorClass::Transient,
            Self::Conflict => ErrorClass::Conflict,
            Self::Rejected(_) => ErrorClass::Rejected,
            Self::Gone => ErrorClass::Gone,
            Self::Undecodable(_) => ErrorClass::Undecodable,
        }
    }

    /// Whether the operator's role does not allow the call.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Request(kube::Error::Api(answer)) if answer.code == 403)
    }
}

/// A call to Redis failed.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It answered with an error, or the connection broke.
    #[error("failed to call Redis")]
    Call(#[from] redis::RedisError),
    /// It did not answer.
    #[error("failed to get an answer from Redis within {} s", REDIS_TIMEOUT.as_secs())]
    Timeout,
    /// It could not be reached a moment ago, and the next attempt is due in a moment.
    #[error("failed to reach Redis a moment ago")]
    Unreachable,
    /// Its URL cannot be parsed. The parser's words are left out, because they may hold the password.
    #[error(
        "failed to read the URL of Redis: expected one such as redis://user:password@redis:6379/0, with special \
         characters of user and password percent-encoded"
    )]
    Url,
    /// The mounted Secret does not say where Redis is.
    #[error(transparent)]
    Secret(#[from] subtitle_secret::SecretError),
    /// TLS is required and the address has none.
    #[error("failed to connect to Redis: its address has no TLS (rediss), which is required here")]
    Unencrypted,
    /// Nothing says where Redis is.
    #[error(
        "failed to find Redis: set --redis-url (SUBTITLES_REDIS_URL), or --redis-secret (SUBTITLES_REDIS_SECRET) to the \
         folder where its Secret is mounted"
    )]
    NoAddress,
    /// Both settings say where Redis is.
    #[error("failed to choose a Redis: --redis-url and --redis-secret are both set; set one of them")]
    TwoAddresses,
}

impl RecordError {
    /// What it means for the caller.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Call(_) | Self::Timeout | Self::Unreachable => ErrorClass::Transient,
            Self::Url | Self::Secret(_) | Self::Unencrypted | Self::NoAddress | Self::TwoAddresses => {
                ErrorClass::Invalid
            }
        }
    }
}

/// A plan was not applied to its end; it is decided again.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Kubernetes.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// There is no session with the broker.
    #[error("failed to publish: there is no session with the broker")]
    NoBroker,
    /// Redis.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// The object store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A finished job is deleted only after its last record is in Redis.
    #[error("failed to delete a job whose last record is not in Redis yet")]
    NoRecord(#[source] RecordError),
    /// A plan has an effect on a job, and its context has none: a bug of the caller.
    #[error("failed to apply an effect on a job without the job")]
    NoJob,
}

impl ActError {
    /// What it means for the caller.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Cluster(error) => error.class(),
            Self::Broker(_) | Self::NoBroker => ErrorClass::Broker,
            Self::Records(error) | Self::NoRecord(error) => error.class(),
            Self::Store(_) => ErrorClass::Transient,
            Self::NoJob => ErrorClass::Invalid,
        }
    }

    /// The API server's message about a status that it will never accept.
    pub fn rejection(&self) -> Option<&str> {
        match self {
            Self::Cluster(ClusterError::Rejected(message)) => Some(message),
            _ => None,
        }
    }
}
