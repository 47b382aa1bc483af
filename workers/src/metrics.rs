//! What a worker counts. Each metric is declared here, and only here: the reference in
//! `core/docs/metrics-of-workers.md` is made from it.

use subtitle_broker::PublishMetrics;
use subtitle_telemetry::{Counter, Gauge, Histogram, Registry};

/// The metrics of a worker.
#[derive(Clone, Debug)]
pub struct WorkerMetrics {
    pub(crate) broker_connected: Gauge<0>,
    pub(crate) queue_unacked: Gauge<1>,
    pub(crate) tasks_taken: Counter<1>,
    pub(crate) tasks_redelivered: Counter<1>,
    pub(crate) tasks_finished: Counter<3>,
    pub(crate) claims_lost: Counter<1>,
    pub(crate) source_requests: Counter<3>,
    pub(crate) engine_calls: Counter<2>,
    pub(crate) cache_hits: Counter<1>,
    pub(crate) scanned_videos: Counter<1>,
    pub(crate) scan_seconds: Histogram<0>,
    pub(crate) model_kernel: Gauge<1>,
    /// The metrics of publishing.
    pub publishing: PublishMetrics,
}

impl WorkerMetrics {
    /// The metrics of a program of this crate, and the registry that serves them.
    pub fn new(program: &str) -> (Registry, Self) {
        let mut registry = Registry::new(program, env!("CARGO_PKG_VERSION"));
        let metrics = Self::register(&mut registry);
        (registry, metrics)
    }

    fn register(registry: &mut Registry) -> Self {
        Self {
            broker_connected: registry.gauge(
                "subtitle_broker_connected",
                [],
                "1 while there is a session with the broker for each kind of task that this process takes, else 0.",
            ),
            queue_unacked: registry.gauge(
                "subtitle_queue_messages_unacked",
                ["queue"],
                "Tasks in flight in this process, counted by itself; the sum over all workers is what the queue has delivered.",
            ),
            tasks_taken: registry.counter("subtitle_tasks_taken", ["queue"], "Tasks taken from the broker."),
            tasks_redelivered: registry.counter(
                "subtitle_tasks_redelivered",
                ["queue"],
                "Tasks taken that had been delivered before.",
            ),
            tasks_finished: registry.counter(
                "subtitle_tasks_finished",
                ["queue", "outcome", "reason"],
                "Tasks by how they ended. Outcomes: `done`, `failed` (with the job's reason), `continued` (as a new task), `cancelled`, `handed_back` (another worker holds the claim), `claim_lost`, `session_over`, `malformed`.",
            ),
            claims_lost: registry.counter(
                "subtitle_claims_lost",
                ["queue"],
                "Claims that another worker may have taken over while this worker was working.",
            ),
            source_requests: registry.counter(
                "subtitle_source_requests",
                ["source", "request", "outcome"],
                "Requests to sources of subtitles. Requests: `list`, `fetch`; outcomes: `found`, `nothing`, `error`.",
            ),
            engine_calls: registry.counter(
                "subtitle_engine_calls",
                ["engine", "outcome"],
                "Batches sent to translation engines. Outcomes: `translated`, `rejected` (by our checks), `error`.",
            ),
            cache_hits: registry.counter(
                "subtitle_cache_hits",
                ["kind"],
                "Results that were in the store already and cost nothing. Kinds: `fetched` (a provider's file), `found`, `translated`, `batch` (of a worker that died), `text` (of another file).",
            ),
            scanned_videos: registry.counter(
                "subtitle_scanned_videos",
                ["outcome"],
                "Videos that scans of libraries came across. Outcomes: `known` (unchanged, not opened), `opened`, `settling` (left out because it changed lately), `unreadable` (also folders and sidecars).",
            ),
            scan_seconds: registry.histogram(
                "subtitle_scan_seconds",
                [],
                &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0],
                "How long a scan of a library took until its end was published; one that was continued counts from its last task.",
            ),
            model_kernel: registry.gauge(
                "subtitle_model_kernel",
                ["kernel"],
                "1 for the kernel that computes the models of `firefox` on this processor. Kernels: `avx2`, `i8mm`; `float32`, several times slower, on processors without these instructions; `scalar`.",
            ),
            publishing: PublishMetrics::register(registry),
        }
    }
}
