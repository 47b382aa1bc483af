//! Errors of the broker; where the user can do something about one, its message says what.

use std::{fmt, time::Duration};

/// Why a request to the broker failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokerError {
    /// The broker URL is invalid.
    #[error(
        "failed to parse the broker's URL: expected one such as amqp://user:password@rabbitmq:5672/%2f, with special \
         characters of user and password percent-encoded"
    )]
    InvalidUrl,
    /// Neither a broker URL nor a Secret is configured.
    #[error(
        "failed to find the broker: no address is configured; set --broker-url (SUBTITLES_BROKER_URL), or \
         --broker-secret (SUBTITLES_BROKER_SECRET) to the directory its Secret is mounted at; in the chart, \
         rabbitmq.existingSecret"
    )]
    NoAddress,
    /// TLS is required, but the URL is not `amqps://`.
    #[error(
        "failed to connect to the broker: its URL does not use TLS; use an amqps:// URL, or accept that with \
         rabbitmq.insecure in the chart (SUBTITLES_BROKER_REQUIRE_TLS)"
    )]
    Unencrypted,
    /// Both a broker URL and a Secret are configured.
    #[error("failed to choose a broker: --broker-url and --broker-secret are mutually exclusive")]
    ConflictingAddresses,
    /// The mounted Secret lacks a key that a connection needs.
    #[error(transparent)]
    Secret(#[from] subtitle_secret::SecretError),
    /// The broker's Secret changed: the session ends, and the next one uses the new credentials.
    #[error("failed to continue this session: the broker's Secret has changed")]
    CredentialsChanged,
    /// The broker closed the session, rejected a request, or became unreachable.
    #[error("failed to talk to the broker")]
    Protocol(#[from] lapin::Error),
    /// The request timed out: its outcome is unknown, and the session has ended.
    #[error(
        "failed to {action}: the broker did not answer within {} ms, so the outcome is unknown; if this keeps \
         happening, look for an alarm with `rabbitmq-diagnostics alarms`, and for a queue that is not running with \
         `rabbitmqctl list_queues name state`; a task queue can be deleted safely: the operator recreates it and \
         republishes its tasks",
        waited.as_millis()
    )]
    Timeout {
        /// What was requested.
        action: &'static str,
        /// How long the request waited.
        waited: Duration,
    },
    /// The broker did not accept the message.
    #[error("failed to publish '{routing_key}': {failure}")]
    PublishFailed {
        /// The message's routing key.
        routing_key: String,
        /// Why it was not confirmed.
        failure: PublishFailure,
    },
    /// The event cannot be serialized as JSON.
    #[error("failed to serialize event '{routing_key}' of job '{job}': {message}")]
    EncodeFailed {
        /// The event's type.
        routing_key: String,
        /// The job's id.
        job: String,
        /// The serializer's error message.
        message: String,
    },
    /// A queue does not exist.
    #[error("failed to use queue '{queue}': it does not exist; check that the operator, which declares it, is running")]
    QueueNotFound {
        /// Its name.
        queue: String,
    },
    /// A queue exists with arguments that differ from the ones this version declares.
    #[error(
        "failed to declare queue '{queue}': it exists with other arguments ({message}); let it drain, remove it with \
         `rabbitmqctl delete_queue {queue}`, and restart the operator"
    )]
    QueueArgumentsMismatch {
        /// Its name.
        queue: &'static str,
        /// The broker's reply text.
        message: String,
    },
    /// A queue or stream is registered but its process does not exist; only an administrator of the broker can remove it.
    #[error(
        "failed to use '{queue}': the broker knows its name but has no process for it ({message}); if every node of the \
         broker is running and this keeps happening, its content is lost: remove it with `rabbitmqctl delete_queue \
         {queue}` or, if that does not find it, with `rabbitmqctl eval 'rabbit_amqqueue:internal_delete(rabbit_misc:r(<<\"/\">>, queue, \
         <<\"{queue}\">>), <<\"operator\">>).'` (with your virtual host for /); then the operator recreates it"
    )]
    QueueProcessMissing {
        /// Its name.
        queue: String,
        /// The broker's reply text.
        message: String,
    },
    /// A queue exists and does not respond, although the broker does.
    #[error(
        "failed to use queue '{queue}': it exists and does not respond, which is normal while it elects a leader; if this \
         lasts for a minute, the operator deletes and recreates it"
    )]
    Unresponsive {
        /// Its name.
        queue: &'static str,
    },
    /// The broker ended a subscription: the queue was deleted, or its leader moved to another node.
    #[error("failed to continue consuming: the broker cancelled the subscription")]
    ConsumerCancelled,
}

/// Why a published message was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishFailure {
    /// The broker returned it: no queue is bound to its routing key.
    Unroutable,
    /// The broker rejected it: a queue is full or has no leader.
    Nacked,
    /// The channel was not in confirm mode.
    NotInConfirmMode,
}

impl fmt::Display for PublishFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unroutable => {
                "no queue is bound to this routing key; the operator declares the queues when it starts"
            }
            Self::Nacked => "the broker rejected it, for example because a queue is full or has no leader; try again",
            Self::NotInConfirmMode => "the channel is not in confirm mode, which is a bug in this program",
        })
    }
}
