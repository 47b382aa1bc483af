//! The exchanges and queues with their arguments and bindings, as constants. The operator declares them; the contract tests
//! compare them with what a broker reports. Pure.

/// The topic exchange of all events. Declared without arguments, because existing publishers declare it so.
pub const EVENTS_EXCHANGE: &str = "subtitle.events";
/// The fanout exchange for messages that cannot be handled.
pub const DEAD_LETTERS_EXCHANGE: &str = "subtitle.dead-letters";
/// Every event, once, in order, for the consumer loop.
pub const CONSUMER_QUEUE: &str = "subtitle.events.consumer";
/// Every event, kept for days, for the history loop.
pub const HISTORY_STREAM: &str = "subtitle.events.history";
/// Tasks for downloaders.
pub const DOWNLOAD_QUEUE: &str = "subtitle.tasks.download";
/// Tasks for translators.
pub const TRANSLATE_QUEUE: &str = "subtitle.tasks.translate";
/// Tasks for workers that walk a library.
pub const SCAN_QUEUE: &str = "subtitle.tasks.scan";
/// Dead letters, kept for manual inspection.
pub const DEAD_QUEUE: &str = "subtitle.dead";
/// Dead letters for the operator, which turns a dead task into `job.failed`.
pub const DEAD_EVENTS_QUEUE: &str = "subtitle.dead.events";

/// A delivery limit that is never reached. Without a limit RabbitMQ 4.0 loses events; with -1, 3.10 drops messages at once.
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
    /// Its arguments; RabbitMQ rejects a declare with different ones.
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

/// Every queue, in the order they are declared: dead letters first, so that no dead letter of the others is lost.
pub const QUEUES: [Queue; 7] = [
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
    Queue { name: SCAN_QUEUE, arguments: TASK_ARGUMENTS, bindings: &[(EVENTS_EXCHANGE, "subtitle.scan.requested")] },
];
