//! Errors of effects and reads, and their [`ErrorClass`], which drives requeueing, the consumer loop and the error policy.
//! Returned by `act` and classified by the loops; makes no calls itself.

use std::time::Duration;

use subtitle_broker::BrokerError;
use subtitle_store::StoreError;

use crate::observe::watch::Undecodable;

/// Timeout of a call to the API server: kube's client has none of its own.
pub(super) const CLUSTER_TIMEOUT: Duration = Duration::from_secs(15);
/// Timeout of a call to Redis: a black-holed connection never reports an error.
pub(super) const REDIS_TIMEOUT: Duration = Duration::from_secs(3);

/// How the caller must react to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Another client wrote first: read the object again and decide again.
    Conflict,
    /// The object no longer exists.
    Gone,
    /// The API server will never accept this status.
    Rejected,
    /// The object exists, but this version cannot decode it: nothing is decided about it until it changes.
    Undecodable,
    /// There is no usable session with the broker: it is repeated on the next one.
    Broker,
    /// A server is unavailable or slow: try again later.
    Transient,
    /// The configuration is wrong: retrying does not help until it changes.
    Invalid,
}

/// A call to the API server failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// It rejected the call or could not be reached.
    #[error("failed to call the API server")]
    Request(#[from] kube::Error),
    /// It did not respond in time.
    #[error("failed to get a response from the API server within {} s", CLUSTER_TIMEOUT.as_secs())]
    Timeout,
    /// Another client wrote first.
    #[error("failed to write the status of a job that has changed since it was read")]
    Conflict,
    /// The CRD's schema rejects this status, and will reject it again; with the API server's message.
    #[error("failed to write a status that the API server does not accept: {0}")]
    Rejected(String),
    /// The object was deleted.
    #[error("failed to write the status of a job that no longer exists")]
    Gone,
    /// The object exists, but this version cannot decode it.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
}

impl ClusterError {
    /// How the caller must react.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Request(_) | Self::Timeout => ErrorClass::Transient,
            Self::Conflict => ErrorClass::Conflict,
            Self::Rejected(_) => ErrorClass::Rejected,
            Self::Gone => ErrorClass::Gone,
            Self::Undecodable(_) => ErrorClass::Undecodable,
        }
    }

    /// Whether the object to create exists already.
    pub fn is_already_there(&self) -> bool {
        matches!(self, Self::Request(kube::Error::Api(answer)) if answer.code == 409)
    }

    /// What the API server said if it refuses the request, however often it is repeated.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Request(kube::Error::Api(answer)) if matches!(answer.code, 400 | 403 | 422) => Some(&answer.message),
            _ => None,
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
    /// It returned an error, or the connection failed.
    #[error("failed to call Redis")]
    Call(#[from] redis::RedisError),
    /// It did not respond in time.
    #[error("failed to get a response from Redis within {} s", REDIS_TIMEOUT.as_secs())]
    Timeout,
    /// A recent attempt to connect failed, and the next one is not due yet.
    #[error("failed to connect to Redis a moment ago; the next attempt is not due yet")]
    Unreachable,
    /// Its URL is invalid. The parser's message is left out, because it may contain the password.
    #[error(
        "failed to parse the URL of Redis: expected one such as redis://user:password@redis:6379/0, with special \
         characters of user and password percent-encoded"
    )]
    Url,
    /// The mounted Secret lacks a key that a connection needs.
    #[error(transparent)]
    Secret(#[from] subtitle_secret::SecretError),
    /// TLS is required and the address has none.
    #[error(
        "failed to connect to Redis: its URL does not use TLS; use a rediss:// URL, or accept that with redis.insecure in the chart (SUBTITLES_REDIS_REQUIRE_TLS)"
    )]
    Unencrypted,
    /// Neither a URL nor a Secret is configured.
    #[error(
        "failed to find Redis: no address is configured; set --redis-url (SUBTITLES_REDIS_URL), or --redis-secret (SUBTITLES_REDIS_SECRET) to the \
         directory its Secret is mounted at; in the chart, redis.existingSecret"
    )]
    NoAddress,
    /// Both a URL and a Secret are configured.
    #[error("failed to choose a Redis: --redis-url and --redis-secret are mutually exclusive")]
    ConflictingAddresses,
}

impl RecordError {
    /// How the caller must react.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Call(_) | Self::Timeout | Self::Unreachable => ErrorClass::Transient,
            Self::Url | Self::Secret(_) | Self::Unencrypted | Self::NoAddress | Self::ConflictingAddresses => {
                ErrorClass::Invalid
            }
        }
    }
}

/// A plan was not applied completely; its job is decided again.
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
    /// A plan has an effect on a job, but its context has no job: a bug in the caller.
    #[error("failed to apply an effect on a job without the job")]
    NoJob,
}

impl ActError {
    /// How the caller must react.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Cluster(error) => error.class(),
            Self::Broker(_) | Self::NoBroker => ErrorClass::Broker,
            Self::Records(error) | Self::NoRecord(error) => error.class(),
            Self::Store(_) => ErrorClass::Transient,
            Self::NoJob => ErrorClass::Invalid,
        }
    }

    /// The API server's message, if it will never accept the status.
    pub fn rejection(&self) -> Option<&str> {
        match self {
            Self::Cluster(ClusterError::Rejected(message)) => Some(message),
            _ => None,
        }
    }
}
