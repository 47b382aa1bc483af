//! The operator's metrics: those of controller-runtime, under the names that dashboards expect, and our own. Called by the loops
//! and the executor. No label names an object. `core/docs/metrics-of-the-operator.md` is generated from this list.

use std::time::Duration;

use jiff::Timestamp;
use subtitle_broker::PublishMetrics;
use subtitle_contract::{
    event::{Event, EventType, source},
    job::SubtitleJobStatus,
    reason::Reason,
};
use subtitle_telemetry::{Counter, Gauge, Histogram, Registry};

use crate::observe::{
    state::{JobState, Outcome},
    watch::WatchMetrics,
};

/// The controller's name in controller-runtime's metrics.
pub const CONTROLLER: &str = "subtitlejob";

/// Bucket bounds in seconds for short operations.
const SHORT: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Bucket bounds in seconds for the duration of jobs.
const LONG: &[f64] = &[1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 21_600.0, 86_400.0];

/// The events that caused a plan, as metrics count them.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// The time of the oldest.
    pub at: Timestamp,
    /// Why a worker failed, if one did.
    pub failure: Option<Reason>,
}

/// The operator's metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Reconciles by result.
    pub reconciles: Counter<2>,
    /// Reconciles that ended in an error.
    pub reconcile_errors: Counter<1>,
    /// Seconds a reconcile took.
    pub reconcile_seconds: Histogram<1>,
    /// Maximum number of concurrent reconciles.
    pub reconcile_limit: Gauge<1>,
    /// 1 while this process leads.
    pub leads: Gauge<1>,
    /// 1 while there is a session with the broker.
    pub broker_connected: Gauge<0>,
    /// 1 while the broker blocks publishers.
    pub broker_blocked: Gauge<0>,
    /// Messages of a queue that are ready for delivery.
    pub queue_ready: Gauge<1>,
    /// Messages of a queue that this process has received and not acknowledged.
    pub queue_unacked: Gauge<1>,
    /// Consumers of a queue.
    pub queue_consumers: Gauge<1>,
    /// Jobs by phase.
    pub jobs: Gauge<1>,
    /// Seconds since the oldest waiting job was created.
    pub oldest_waiting: Gauge<0>,
    /// Seconds since the longest waiting task of a queue was seen waiting.
    pub oldest_task: Gauge<1>,
    /// 1 while Redis responds.
    pub redis_connected: Gauge<0>,
    event_to_redis: Histogram<0>,
    api_requests: Counter<2>,
    api_seconds: Histogram<1>,
    events: Counter<2>,
    /// Events that had been delivered before.
    pub events_redelivered: Counter<0>,
    event_to_status: Histogram<0>,
    /// Statuses written.
    pub status_writes: Counter<0>,
    /// Statuses not written because of a conflict.
    pub status_conflicts: Counter<0>,
    finished: Counter<2>,
    job_seconds: Histogram<1>,
    retries: Counter<1>,
    /// Repairs by kind.
    pub repairs: Counter<1>,
    /// Events appended to the histories in Redis.
    pub history_events: Counter<0>,
    /// Calls to Redis that failed.
    pub redis_errors: Counter<0>,
    /// The metrics of the watch.
    pub watch: WatchMetrics,
    /// Publish metrics, with the same names in every process.
    pub publishing: PublishMetrics,
}

impl Metrics {
    /// A new registry with every metric. `reconciles_at_once` is the maximum number of concurrent reconciles.
    pub fn new(program: &str, reconciles_at_once: u16) -> (Registry, Self) {
        let mut registry = Registry::new(program, env!("CARGO_PKG_VERSION"));
        let metrics = Self::register(&mut registry);
        metrics.reconcile_limit.set([CONTROLLER], i64::from(reconciles_at_once));
        metrics.leads.set([CONTROLLER], 0);
        (registry, metrics)
    }

    fn register(registry: &mut Registry) -> Self {
        Self {
            reconciles: registry.counter(
                "controller_runtime_reconcile",
                ["controller", "result"],
                "Reconciles. Results: `success`, `requeue_after` (something is due later), `error`.",
            ),
            reconcile_errors: registry.counter(
                "controller_runtime_reconcile_errors",
                ["controller"],
                "Reconciles that failed; they are retried.",
            ),
            reconcile_seconds: registry.histogram(
                "controller_runtime_reconcile_time_seconds",
                ["controller"],
                SHORT,
                "Seconds a reconcile took.",
            ),
            reconcile_limit: registry.gauge(
                "controller_runtime_max_concurrent_reconciles",
                ["controller"],
                "Maximum number of concurrent reconciles.",
            ),
            leads: registry.gauge("leader_election_master_status", ["name"], "1 while this process leads, else 0."),
            broker_connected: registry.gauge(
                "subtitle_broker_connected",
                [],
                "1 while there is a session with the broker, else 0; only the leader has one.",
            ),
            broker_blocked: registry.gauge(
                "subtitle_broker_blocked",
                [],
                "1 while the broker blocks publishers because of a memory or disk alarm.",
            ),
            queue_ready: registry.gauge(
                "subtitle_queue_messages_ready",
                ["queue"],
                "Messages ready for delivery, as the broker reports them (AMQP 0-9-1 does not report delivered ones).",
            ),
            queue_unacked: registry.gauge(
                "subtitle_queue_messages_unacked",
                ["queue"],
                "Messages that this process has received and not acknowledged, counted by itself; the delivered messages of a queue are the sum over operator and workers.",
            ),
            queue_consumers: registry.gauge("subtitle_queue_consumers", ["queue"], "Consumers of a queue."),
            jobs: registry.gauge("subtitle_jobs", ["phase"], "Jobs of this installation by phase."),
            oldest_waiting: registry.gauge(
                "subtitle_oldest_waiting_seconds",
                [],
                "Age of the oldest job that waits for admission or for the broker; 0 if no job waits. Jobs that wait for a quota, a glossary or the time of their next attempt do not count.",
            ),
            oldest_task: registry.gauge(
                "subtitle_oldest_task_seconds",
                ["queue"],
                "Seconds since the leader first saw the longest waiting task of a queue, which no worker has started; 0 if no task waits.",
            ),
            redis_connected: registry.gauge(
                "subtitle_redis_connected",
                [],
                "1 while Redis responds to the leader, else 0.",
            ),
            event_to_redis: registry.histogram(
                "subtitle_event_to_redis_seconds",
                [],
                SHORT,
                "Time from an event's timestamp until it was appended to its history in Redis.",
            ),
            api_requests: registry.counter(
                "subtitle_api_requests",
                ["route", "code"],
                "Requests to the HTTP API by route and status code.",
            ),
            api_seconds: registry.histogram(
                "subtitle_api_request_seconds",
                ["route"],
                SHORT,
                "Time until a request to the HTTP API was answered.",
            ),
            events: registry.counter(
                "subtitle_events_consumed",
                ["event_type", "source"],
                "Events by type and source; sources other than this system's are `other`.",
            ),
            events_redelivered: registry.counter(
                "subtitle_events_redelivered",
                [],
                "Events that had been delivered before.",
            ),
            event_to_status: registry.histogram(
                "subtitle_event_to_status_seconds",
                [],
                SHORT,
                "Time from an event's timestamp until the status that it caused was written.",
            ),
            status_writes: registry.counter("subtitle_status_writes", [], "Writes of a status."),
            status_conflicts: registry.counter(
                "subtitle_status_conflicts",
                [],
                "Status writes that conflicted with another write; they are decided again.",
            ),
            finished: registry.counter(
                "subtitle_jobs_finished",
                ["result", "reason"],
                "Finished jobs. Results: `success`, `failure`; the reason is that of the status.",
            ),
            job_seconds: registry.histogram(
                "subtitle_job_duration_seconds",
                ["result"],
                LONG,
                "Time from the start of a job to its end.",
            ),
            retries: registry.counter("subtitle_retries", ["reason"], "Attempts after the first, by the reason of the failure before; those that a user started, by the reason of the status."),
            repairs: registry.counter(
                "subtitle_repairs",
                ["kind"],
                "Repairs. Kinds: `task` (published again), `record` (projected to Redis again), `orphan` (record without an object), `queue_redeclared` (a queue whose process the broker lost).",
            ),
            history_events: registry.counter("subtitle_history_events", [], "Events read from the stream into Redis."),
            redis_errors: registry.counter("subtitle_redis_errors", [], "Calls to Redis that failed; they are retried."),
            watch: WatchMetrics::register(registry),
            publishing: PublishMetrics::register(registry),
        }
    }

    /// Records that an event was received.
    pub fn consumed(&self, event: &Event) {
        let event_type = match &event.event_type {
            EventType::Unknown(_) => "unknown",
            known => known.as_str(),
        };
        let ours = [source::MANAGER, source::DOWNLOADER, source::TRANSLATOR, source::CONSUMER];
        let source = ours.into_iter().find(|source| *source == event.source).unwrap_or("other");
        self.events.increment([event_type, source]);
    }

    /// Records that events were appended to their histories.
    pub fn appended(&self, events: &[Event], now: Timestamp) {
        self.history_events.add([], u64::try_from(events.len()).unwrap_or_default());
        for event in events {
            self.event_to_redis.observe([], now.duration_since(event.timestamp).as_secs_f64().max(0.0));
        }
    }

    /// Records that a request was answered.
    pub fn answered(&self, route: &str, code: u16, took: Duration) {
        self.api_requests.increment([route, &code.to_string()]);
        self.api_seconds.observe([route], took.as_secs_f64());
    }

    /// Records that the status `after` replaced `before`; `cause` is what caused it, if events did.
    pub fn wrote(
        &self,
        before: Option<&SubtitleJobStatus>,
        after: &SubtitleJobStatus,
        cause: Option<Cause>,
        now: Timestamp,
    ) {
        self.status_writes.increment([]);
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0);
        if let Some(cause) = cause {
            self.event_to_status.observe([], seconds(cause.at, now));
        }
        // Reasons of newer versions share one label value.
        let reason = after.reason.as_ref().map_or("", |reason| reason.known().map_or("unknown", Reason::as_str));
        if before.is_some_and(|before| after.attempt > before.attempt) {
            let failure = cause.and_then(|cause| cause.failure);
            self.retries.increment([failure.map_or(reason, Reason::as_str)]);
        }
        let was_over = before.is_some_and(|before| JobState::from_status(before).is_over());
        if let (false, JobState::Over(outcome)) = (was_over, JobState::from_status(after)) {
            let result = match outcome {
                Outcome::Done => "success",
                Outcome::Failed => "failure",
            };
            self.finished.increment([result, reason]);
            if let (Some(start), Some(end)) = (&after.start_time, &after.completion_time) {
                self.job_seconds.observe([result], seconds(start.0, end.0));
            }
        }
    }

    /// Records that a reconcile finished.
    pub fn reconciled(&self, result: &'static str, took: Duration) {
        self.reconciles.increment([CONTROLLER, result]);
        self.reconcile_seconds.observe([CONTROLLER], took.as_secs_f64());
        if result == "error" {
            self.reconcile_errors.increment([CONTROLLER]);
        }
    }
}
