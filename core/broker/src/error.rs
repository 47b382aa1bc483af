//! What ends a session or refuses a message, in words that say what to do next.

use std::{fmt, time::Duration};

/// Why the broker did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokerError {
    /// The broker's URL cannot be read.
    #[error(
        "failed to read the broker's URL: expected one such as amqp://user:password@rabbitmq:5672/%2f, with special \
         characters of user and password percent-encoded"
    )]
    Url,
    /// There is no broker URL and no Secret.
    #[error(
        "failed to find the broker: set --broker-url (SUBTITLES_BROKER_URL), or --broker-secret (SUBTITLES_BROKER_SECRET) \
         to the folder where its Secret is mounted"
    )]
    NoAddress,
    /// TLS is required and the address has none.
    #[error("failed to connect to the broker: its address has no TLS (amqps), which is required here")]
    Unencrypted,
    /// There is both a broker URL and a Secret.
    #[error("failed to choose a broker: --broker-url and --broker-secret are both set; set one of them")]
    TwoAddresses,
    /// The mounted Secret lacks what a connection needs.
    #[error(transparent)]
    Secret(#[from] subtitle_secret::SecretError),
    /// The broker's Secret changed: the session ends, and the next one uses the new credentials.
    #[error("failed to continue this session: the broker's Secret has changed")]
    LoginChanged,
    /// The broker closed the session, refused something, or went away.
    #[error("failed to talk to the broker")]
    Protocol(#[from] lapin::Error),
    /// No answer in time: the outcome is unknown, and the session is over.
    #[error(
        "failed to {action}: the broker did not answer within {} ms, so the outcome is unknown; if this repeats, \
         look for an alarm with `rabbitmq-diagnostics alarms`, and with `rabbitmqctl list_queues name state` for a queue \
         that is not running: a task queue may be deleted, the operator recreates and refills it",
        waited.as_millis()
    )]
    Silent {
        /// What was requested.
        action: &'static str,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The broker answered that it does not have the message.
    #[error("failed to publish '{routing_key}': {refusal}")]
    Refused {
        /// The message's routing key.
        routing_key: String,
        /// What the broker said.
        refusal: Refusal,
    },
    /// The event cannot be written as JSON.
    #[error("failed to write the event '{routing_key}' of job '{job}' as JSON: {message}")]
    Encode {
        /// Its type.
        routing_key: String,
        /// Whose it is.
        job: String,
        /// What the JSON writer said.
        message: String,
    },
    /// A queue does not exist.
    #[error("failed to use queue '{queue}': it does not exist; the operator declares it: check that the operator runs")]
    Missing {
        /// Its name.
        queue: String,
    },
    /// A queue exists with other arguments than this version's.
    #[error(
        "failed to declare queue '{queue}': it exists with other arguments ({message}); let it drain, remove it with \
         `rabbitmqctl delete_queue {queue}`, and start the operator again"
    )]
    Mismatch {
        /// Its name.
        queue: &'static str,
        /// What the broker said.
        message: String,
    },
    /// A queue or stream has a name but no process; only an administrator of the broker can remove it.
    #[error(
        "failed to use '{queue}': the broker knows its name but has no process for it ({message}); if every node of the \
         broker runs and this repeats, its content is lost: remove it with `rabbitmqctl delete_queue {queue}` or, where that does \
         not find it, with `rabbitmqctl eval 'rabbit_amqqueue:internal_delete(rabbit_misc:r(<<\"/\">>, queue, \
         <<\"{queue}\">>), <<\"operator\">>).'` (with your virtual host for /), and the operator recreates it"
    )]
    Unusable {
        /// Its name.
        queue: String,
        /// What the broker said.
        message: String,
    },
    /// A queue exists and does not answer, though the broker does.
    #[error(
        "failed to use queue '{queue}': it exists and does not answer, as while it elects a leader; after a minute it is \
         deleted and recreated"
    )]
    Unanswering {
        /// Its name.
        queue: &'static str,
    },
    /// The broker ended a subscription: the queue was deleted or moved.
    #[error("failed to continue consuming: the broker cancelled the subscription")]
    Cancelled,
}

/// How a broker says that it does not have a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It came back: no queue is bound for it.
    Unroutable,
    /// It was refused: a queue is full or has no leader.
    Nacked,
    /// It was sent on a channel without confirms.
    Unconfirmed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unroutable => "no queue is bound for it; the operator declares the queues when it starts",
            Self::Nacked => "the broker refused it, as it does when a queue is full or has no leader; try again",
            Self::Unconfirmed => "the channel does not confirm, which is a bug in this program",
        })
    }
}
