//! What the operator counts: the names of controller-runtime that dashboards know, and our own. No label names an object;
//! `core/docs/metrics-of-the-operator.md` is made from this list.

use std::time::Duration;

use jiff::Timestamp;
use subtitle_broker::PublishMetrics;
use subtitle_contract::{
    event::{Event, EventType, source},
    job::SubtitleJobStatus,
    phase::Phase,
};
use subtitle_telemetry::{Counter, Gauge, Histogram, Registry};

/// The controller's name in controller-runtime's metrics.
pub const CONTROLLER: &str = "subtitlejob";

/// Upper bounds in seconds of what takes milliseconds.
const SHORT: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Upper bounds in seconds of a job's life.
const LONG: &[f64] = &[1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 21_600.0, 86_400.0];

/// Everything the operator counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Reconciles by their result.
    pub reconciles: Counter<2>,
    /// Reconciles that ended in an error.
    pub reconcile_errors: Counter<1>,
    /// How long a reconcile took.
    pub reconcile_seconds: Histogram<1>,
    /// Reconciles at once, at most.
    pub reconcile_limit: Gauge<1>,
    /// Whether this process leads.
    pub leads: Gauge<1>,
    /// Whether there is a session with the broker.
    pub broker_connected: Gauge<0>,
    /// Whether the broker takes no messages.
    pub broker_blocked: Gauge<0>,
    /// Messages that wait in a queue.
    pub queue_ready: Gauge<1>,
    /// Messages of a queue that this process has in hand.
    pub queue_unacked: Gauge<1>,
    /// Jobs by phase.
    pub jobs: Gauge<1>,
    /// Age of the job that waits longest.
    pub oldest_waiting: Gauge<0>,
    events: Counter<2>,
    /// Events that had been handed out before.
    pub events_redelivered: Counter<0>,
    event_to_status: Histogram<0>,
    /// Writes of a status.
    pub status_writes: Counter<0>,
    /// Writes that somebody else was ahead of.
    pub status_conflicts: Counter<0>,
    finished: Counter<2>,
    job_seconds: Histogram<1>,
    retries: Counter<1>,
    /// What the repair loop did.
    pub repairs: Counter<1>,
    /// Events remembered in Redis.
    pub history_events: Counter<0>,
    /// Calls to Redis that failed.
    pub redis_errors: Counter<0>,
    /// Numbers of publishing, the same in every process.
    pub publishing: PublishMetrics,
}

impl Metrics {
    /// A registry with everything registered.
    pub fn of(program: &str) -> (Registry, Self) {
        let mut registry = Registry::new(program, env!("CARGO_PKG_VERSION"));
        let metrics = Self::register(&mut registry);
        metrics.reconcile_limit.set([CONTROLLER], i64::from(crate::controller::CONCURRENCY));
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
                "Reconciles that ended in an error; they are made again.",
            ),
            reconcile_seconds: registry.histogram(
                "controller_runtime_reconcile_time_seconds",
                ["controller"],
                SHORT,
                "How long a reconcile took.",
            ),
            reconcile_limit: registry.gauge(
                "controller_runtime_max_concurrent_reconciles",
                ["controller"],
                "Reconciles at once, at most.",
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
                "1 while the broker takes no messages for want of memory or disk.",
            ),
            queue_ready: registry.gauge(
                "subtitle_queue_messages_ready",
                ["queue"],
                "Messages that nobody has in hand, as the broker says it (AMQP 0-9-1 does not tell those in hand).",
            ),
            queue_unacked: registry.gauge(
                "subtitle_queue_messages_unacked",
                ["queue"],
                "Messages that this process has in hand and has not acknowledged, as it counts them itself; what a queue has handed out is the sum over operator and workers.",
            ),
            jobs: registry.gauge("subtitle_jobs", ["phase"], "Jobs by phase."),
            oldest_waiting: registry.gauge(
                "subtitle_oldest_waiting_seconds",
                [],
                "Age of the job that has been waiting longest for its turn; 0 if none waits.",
            ),
            events: registry.counter(
                "subtitle_events_consumed",
                ["event_type", "source"],
                "Events by type and source; sources other than this system's are `other`.",
            ),
            events_redelivered: registry.counter(
                "subtitle_events_redelivered",
                [],
                "Events that had been handed out before.",
            ),
            event_to_status: registry.histogram(
                "subtitle_event_to_status_seconds",
                [],
                SHORT,
                "From an event's own time until the status that it caused was written.",
            ),
            status_writes: registry.counter("subtitle_status_writes", [], "Writes of a status."),
            status_conflicts: registry.counter(
                "subtitle_status_conflicts",
                [],
                "Writes that somebody else was ahead of; they are decided again.",
            ),
            finished: registry.counter(
                "subtitle_jobs_finished",
                ["result", "reason"],
                "Jobs that ended. Results: `success`, `failure`; the reason is that of the status.",
            ),
            job_seconds: registry.histogram(
                "subtitle_job_duration_seconds",
                ["result"],
                LONG,
                "From a job's start to its end.",
            ),
            retries: registry.counter("subtitle_retries", ["reason"], "Further attempts, by why they are made."),
            repairs: registry.counter(
                "subtitle_repairs",
                ["kind"],
                "What was lost and done again. Kinds: `task` (published again), `record` (copied to Redis), `orphan` (record without an object), `queue_redeclared` (a queue whose process the broker lost).",
            ),
            history_events: registry.counter("subtitle_history_events", [], "Events read from the stream into Redis."),
            redis_errors: registry.counter("subtitle_redis_errors", [], "Calls to Redis that failed; they are made again."),
            publishing: PublishMetrics::register(registry),
        }
    }

    /// An event was handed to this process.
    pub fn consumed(&self, event: &Event) {
        let event_type = match &event.event_type {
            EventType::Unknown(_) => "unknown",
            known => known.as_str(),
        };
        let ours = [source::MANAGER, source::DOWNLOADER, source::TRANSLATOR, source::CONSUMER];
        let source = ours.into_iter().find(|source| *source == event.source).unwrap_or("other");
        self.events.increment([event_type, source]);
    }

    /// A status was written in place of `before`, because of events of which the oldest is from `event_time`.
    pub fn wrote(
        &self,
        before: Option<&SubtitleJobStatus>,
        after: &SubtitleJobStatus,
        event_time: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.status_writes.increment([]);
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0);
        if let Some(from) = event_time {
            self.event_to_status.observe([], seconds(from, now));
        }
        let reason = after.reason.map_or("", subtitle_contract::reason::Reason::as_str);
        let phase_before = before.map_or(Phase::Pending, |before| before.phase);
        if before.is_some_and(|before| after.attempt > before.attempt) {
            self.retries.increment([reason]);
        }
        if after.phase.is_final() && !phase_before.is_final() {
            let result = if after.phase == Phase::Done { "success" } else { "failure" };
            self.finished.increment([result, reason]);
            if let (Some(start), Some(end)) = (&after.start_time, &after.completion_time) {
                self.job_seconds.observe([result], seconds(start.0, end.0));
            }
        }
    }

    /// A reconcile ended.
    pub fn reconciled(&self, result: &'static str, took: Duration) {
        self.reconciles.increment([CONTROLLER, result]);
        self.reconcile_seconds.observe([CONTROLLER], took.as_secs_f64());
        if result == "error" {
            self.reconcile_errors.increment([CONTROLLER]);
        }
    }
}
