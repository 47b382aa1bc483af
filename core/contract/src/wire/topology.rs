//! Exchanges and queues with their arguments, as values: what is declared is what is tested. Pure;
//! operator and workers declare it, the contract tests read it back from a broker.

/// The topic exchange of all events. Declared without arguments: existing publishers do so too.
pub const EVENTS_EXCHANGE: &str = "subtitle.events";
/// The fanout exchange for messages that cannot be handled.
pub const DEAD_LETTERS_EXCHANGE: &str = "subtitle.dead-letters";
/// Every event, once, in order, for the consumer loop.
pub const CONSUMER_QUEUE: &str = "subtitle.events.consumer";
/// Every event, kept for days, for the history loop.
pub const HISTORY_STREAM: &str = "subtitle.events.history";
/// Work for downloaders.
pub const DOWNLOAD_QUEUE: &str = "subtitle.tasks.download";
/// Work for translators.
pub const TRANSLATE_QUEUE: &str = "subtitle.tasks.translate";
/// Dead letters, kept for people.
pub const DEAD_QUEUE: &str = "subtitle.dead";
/// Dead letters for the operator, which turns a dead task into `job.failed`.
pub const DEAD_EVENTS_QUEUE: &str = "subtitle.dead.events";

/// A delivery limit that is never reached: absent loses events on RabbitMQ 4.0, -1 drops at once on 3.10.
pub const UNLIMITED_DELIVERIES: i64 = 1_000_000_000;
/// How often a task is delivered before it is dead-lettered.
pub const TASK_DELIVERIES: i64 = 20;

/// One queue argument's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A long string.
    Text(&'static str),
    /// A signed 64-bit integer.
    Number(i64),
    /// A boolean.
    Flag(bool),
}

/// A durable queue or stream, its arguments and its bindings.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, which RabbitMQ compares at every declare.
    pub arguments: &'static [(&'static str, Argument)],
    /// Exchange and routing key of each binding.
    pub bindings: &'static [(&'static str, &'static str)],
}

/// Exchange name and kind, in the order they are declared.
pub const EXCHANGES: [(&str, &str); 2] = [(EVENTS_EXCHANGE, "topic"), (DEAD_LETTERS_EXCHANGE, "fanout")];

const EVERY_EVENT: &[(&str, &str)] = &[(EVENTS_EXCHANGE, "subtitle.#"), (EVENTS_EXCHANGE, "job.#")];
const TASK_ARGUMENTS: &[(&str, Argument)] = &[
    ("x-queue-type", Argument::Text("quorum")),
    ("x-delivery-limit", Argument::Number(TASK_DELIVERIES)),
    ("x-dead-letter-exchange", Argument::Text(DEAD_LETTERS_EXCHANGE)),
    ("x-dead-letter-strategy", Argument::Text("at-least-once")),
    ("x-overflow", Argument::Text("reject-publish")),
];
const DEAD_ARGUMENTS: &[(&str, Argument)] =
    &[("x-queue-type", Argument::Text("quorum")), ("x-delivery-limit", Argument::Number(UNLIMITED_DELIVERIES))];

/// Every queue, in the order they are declared: dead letters first, so that nothing can be lost meanwhile.
pub const QUEUES: [Queue; 6] = [
    Queue { name: DEAD_QUEUE, arguments: DEAD_ARGUMENTS, bindings: &[(DEAD_LETTERS_EXCHANGE, "")] },
    Queue { name: DEAD_EVENTS_QUEUE, arguments: DEAD_ARGUMENTS, bindings: &[(DEAD_LETTERS_EXCHANGE, "")] },
    Queue {
        name: CONSUMER_QUEUE,
        arguments: &[
            ("x-queue-type", Argument::Text("quorum")),
            ("x-single-active-consumer", Argument::Flag(true)),
            ("x-delivery-limit", Argument::Number(UNLIMITED_DELIVERIES)),
        ],
        bindings: EVERY_EVENT,
    },
    Queue {
        name: HISTORY_STREAM,
        arguments: &[
            ("x-queue-type", Argument::Text("stream")),
            ("x-max-age", Argument::Text("7D")),
            ("x-stream-max-segment-size-bytes", Argument::Number(16_000_000)),
        ],
        bindings: EVERY_EVENT,
    },
    Queue {
        name: DOWNLOAD_QUEUE,
        arguments: TASK_ARGUMENTS,
        bindings: &[(EVENTS_EXCHANGE, "subtitle.download.requested")],
    },
    Queue {
        name: TRANSLATE_QUEUE,
        arguments: TASK_ARGUMENTS,
        bindings: &[(EVENTS_EXCHANGE, "subtitle.translate.requested")],
    },
];
